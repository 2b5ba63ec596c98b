<?php
/**
 * Scripts that were written for the library include this file. The classes are in the module `beanstalk`, so there is
 * nothing to be done here but to say so where it isn't loaded.
 *
 *     include_path = ".:/…/php/include"
 */
if (!extension_loaded('beanstalk')) {
    throw new Error('The classes of lib/Beanstalk.php are in a module of PHP that is not loaded: ' .
        'add extension=/path/to/beanstalk.so to ' . (php_ini_loaded_file() ?: 'the command line, behind -d'));
}
