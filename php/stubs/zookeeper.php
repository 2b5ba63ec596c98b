<?php
// What the module zookeeper has, for editors and analyzers. It is not to be included by scripts.

/** Delivers events that have come to their callbacks at once, instead of before the next statement. */
function zookeeper_dispatch() {}

/** Whatever goes wrong; the code is one of the constants of the class Zookeeper. */
class ZookeeperException extends Exception {}
/** A server has not answered in time; it may still do what it was asked. */
class ZookeeperOperationTimeoutException extends ZookeeperException {}
/** There is no connection, or it was lost; code 5998: nobody has called connect() in this process. */
class ZookeeperConnectionException extends ZookeeperException {}
/** What a server says makes no sense. */
class ZookeeperMarshallingException extends ZookeeperException {}
/** The access control list doesn't allow it, or the identity is not accepted. */
class ZookeeperAuthenticationException extends ZookeeperException {}
/** The session has expired, and its ephemeral znodes with it. Call connect() for another one. */
class ZookeeperSessionException extends ZookeeperException {}
/** There is no such znode. */
class ZookeeperNoNodeException extends ZookeeperException {}

/**
 * A session with a service of ZooKeeper's protocol. It ends with the object.
 *
 * Callbacks are called as (int $type, int $state, string $path), once for a znode, in the main program: between two statements
 * or while it sleeps.
 */
class Zookeeper
{
    const PERM_READ = 1;
    const PERM_WRITE = 2;
    const PERM_CREATE = 4;
    const PERM_DELETE = 8;
    const PERM_ADMIN = 16;
    const PERM_ALL = 31;
    const EPHEMERAL = 1;
    const SEQUENCE = 2;
    const EXPIRED_SESSION_STATE = -112;
    const AUTH_FAILED_STATE = -113;
    const CONNECTING_STATE = 1;
    const ASSOCIATING_STATE = 2;
    const CONNECTED_STATE = 3;
    const READONLY_STATE = 5;
    const NOTCONNECTED_STATE = 999;
    const CREATED_EVENT = 1;
    const DELETED_EVENT = 2;
    const CHANGED_EVENT = 3;
    const CHILD_EVENT = 4;
    const SESSION_EVENT = -1;
    const NOTWATCHING_EVENT = -2;
    const LOG_LEVEL_ERROR = 1;
    const LOG_LEVEL_WARN = 2;
    const LOG_LEVEL_INFO = 3;
    const LOG_LEVEL_DEBUG = 4;
    const SYSTEMERROR = -1;
    const RUNTIMEINCONSISTENCY = -2;
    const DATAINCONSISTENCY = -3;
    const CONNECTIONLOSS = -4;
    const MARSHALLINGERROR = -5;
    const UNIMPLEMENTED = -6;
    const OPERATIONTIMEOUT = -7;
    const BADARGUMENTS = -8;
    const INVALIDSTATE = -9;
    const NEWCONFIGNOQUORUM = -13;
    const RECONFIGINPROGRESS = -14;
    const OK = 0;
    const APIERROR = -100;
    const NONODE = -101;
    const NOAUTH = -102;
    const BADVERSION = -103;
    const NOCHILDRENFOREPHEMERALS = -108;
    const NODEEXISTS = -110;
    const NOTEMPTY = -111;
    const SESSIONEXPIRED = -112;
    const INVALIDCALLBACK = -113;
    const INVALIDACL = -114;
    const AUTHFAILED = -115;
    const CLOSING = -116;
    const NOTHING = -117;
    const SESSIONMOVED = -118;

    /**
     * Begins a session, if servers are given, and doesn't wait for it.
     *
     * @param string $host "host:port,host:port/chroot"
     * @param callable|null $watcher_cb is told of the session's states, with Zookeeper::SESSION_EVENT as the type
     * @param int|null $recv_timeout the session's time-out in milliseconds; null: the setting zookeeper.recv_timeout
     */
    public function __construct(string $host = "", ?callable $watcher_cb = null, ?int $recv_timeout = null) {}
    /** Begins a session in the place of the one before. */
    public function connect(string $host, ?callable $watcher_cb = null, ?int $recv_timeout = null) {}
    /** Ends the session, and with it its ephemeral znodes. */
    public function close() {}

    /**
     * @param string|null $value null is not the same as ""
     * @param array|null $acl a list of ['perms' => int, 'scheme' => string, 'id' => string]; null: everybody may do everything
     * @param int|null $flags Zookeeper::EPHEMERAL and Zookeeper::SEQUENCE
     * @return string the path, with the number of a sequence
     */
    public function create(string $path, ?string $value, ?array $acl = null, ?int $flags = null) {}
    /** @return true */
    public function delete(string $path, int $version = -1) {}
    /**
     * @param array|null $stat_info is given the znode's record
     * @param int $max_size how many bytes to return at most; 0: all
     * @return string|null
     */
    public function get(string $path, ?callable $watcher_cb = null, mixed &$stat_info = null, int $max_size = 0) {}
    /** @return string[] the names, sorted */
    public function getChildren(string $path, ?callable $watcher_cb = null) {}
    /** @return array|false the znode's record; a watcher also waits for a znode to come */
    public function exists(string $path, ?callable $watcher_cb = null) {}
    /** @return true */
    public function set(string $path, ?string $value, int $version = -1, mixed &$stat_info = null) {}
    /** @return array the znode's record, and the list */
    public function getAcl(string $path) {}
    /** @return true */
    public function setAcl(string $path, int $version, array $acl) {}
    /**
     * Claims an identity, such as ("digest", "user:password"), and doesn't wait for the answer.
     *
     * @param callable|null $completion_cb is called with 0, or the code of the error
     * @return true
     */
    public function addAuth(string $scheme, string $cert, ?callable $completion_cb = null) {}

    /** @return int one of the constants whose names end with _STATE */
    public function getState() {}
    /** @return int milliseconds: what the server has granted */
    public function getRecvTimeout() {}
    /** @return array the session's number and its password, [0, ""] before there is a session */
    public function getClientId() {}
    /** @return bool whether the session is not over for good */
    public function isRecoverable() {}
    /** Has another callback told of the session's states. */
    public function setWatcher(callable $watcher_cb) {}
    /** @return ZookeeperConfig */
    public function getConfig() {}

    /** @param resource|string $stream a stream of a file, or the path of one */
    public function setLogStream(mixed $stream) {}
    /** @param int $level one of the constants LOG_LEVEL_...; LOG_LEVEL_WARN at first, 0 for nothing */
    public static function setDebugLevel(int $level) {}
    /** Whether servers are tried in the order in which they are written, from the next session on. */
    public static function setDeterministicConnOrder(bool $trueOrFalse) {}
    /** The same as zookeeper_dispatch(). */
    public static function dispatch() {}
}

/** The servers of the service. Changing them has to be allowed there. */
class ZookeeperConfig
{
    /** @return string|null lines such as "server.1=host:2888:3888:participant;2181" */
    public function get(?callable $watcher_cb = null, mixed &$stat_info = null) {}
    /** @param string $members such lines, separated by commas */
    public function add(string $members, int $version = -1, mixed &$stat_info = null) {}
    /** @param string $members numbers, separated by commas */
    public function remove(string $members, int $version = -1, mixed &$stat_info = null) {}
    public function set(string $members, int $version = -1, mixed &$stat_info = null) {}
}
