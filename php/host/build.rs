//! What of PHP differs within a version, and so has to be looked up in the headers.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// PHPs since 8.2.35, and others with the same mend, put the end of a script off when there is no memory left.
const FIELD: &str = "zend_oom_info delayed_oom;";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PHP_CONFIG");
    println!("cargo::rustc-check-cfg=cfg(php_delays_oom)");
    let php_config = env::var_os("PHP_CONFIG").unwrap_or_else(|| "php-config".into());
    // Where there is none, ext-php-rs complains.
    let Ok(answer) = Command::new(php_config).arg("--include-dir").output() else { return };
    let folder = String::from_utf8_lossy(&answer.stdout);
    let header = Path::new(folder.trim()).join("Zend/zend_globals.h");
    println!("cargo::rerun-if-changed={}", header.display());
    if fs::read_to_string(header).is_ok_and(|text| text.contains(FIELD)) {
        println!("cargo::rustc-cfg=php_delays_oom");
    }
}
