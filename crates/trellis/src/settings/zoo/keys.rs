//! The one list of keys of a zoo.cfg: what becomes of each. `docs/zoo-cfg.md` comes from it.
//!
//! A key is used, or does not matter here, which is said in a warning, or is refused because it would be unsafe to go on
//! as if it were not there.

/// A key, or all that begin in the same way.
pub(super) struct Key {
    /// The key as the real server has it; with `*` at the end, whatever begins so.
    pub(super) name: &'static str,
    pub(super) meaning: Meaning,
}

/// What becomes of a key.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// Its value is that of a setting.
    Setting(&'static str),
    /// It is used together with others, in this way.
    Used(Use, &'static str),
    /// It is not used, and why; nothing is said if it has one of these values, which are what happens anyway.
    Ignored(&'static [&'static str], &'static str),
    /// The server does not start with it, and why, unless it has one of these values.
    Refused(&'static [&'static str], &'static str),
}

/// Keys that are more than the value of a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    AuthProvider,
    ClientAddress,
    ClientPort,
    DataDir,
    DataLogDir,
    DynamicConfig,
    EnforceQuota,
    MaxBuffer,
    MaxClients,
    MaxConnections,
    SecurePort,
    Server,
    SessionTimeout(&'static str),
    Words,
}

const ENSEMBLE: &str = "it is for the servers of an ensemble, and this server is alone";
const ENGINE: &str = "it tunes the inside of the real server, which is different here";
const STORAGE: &str = "log files and snapshots are made and removed when it is time, without settings";
const ADMIN: &str = "there is no AdminServer";
const METRICS: &str = "there is no such provider; the word mntr tells the figures";
const TLS: &str = "this version has no TLS";
const SASL: &str = "this version has no SASL";
const THROTTLE: &str = "clients are slowed down by not reading from them, without settings";

const fn used(name: &'static str, how: Use, what: &'static str) -> Key {
    Key { name, meaning: Meaning::Used(how, what) }
}

const fn setting(name: &'static str, setting: &'static str) -> Key {
    Key { name, meaning: Meaning::Setting(setting) }
}

const fn ignored(name: &'static str, why: &'static str) -> Key {
    Key { name, meaning: Meaning::Ignored(&[], why) }
}

/// One that is ignored without a word if it asks for what happens anyway.
const fn ignored_unless(name: &'static str, anyway: &'static [&'static str], why: &'static str) -> Key {
    Key { name, meaning: Meaning::Ignored(anyway, why) }
}

const fn refused_unless(name: &'static str, anyway: &'static [&'static str], why: &'static str) -> Key {
    Key { name, meaning: Meaning::Refused(anyway, why) }
}

/// The first that fits counts.
pub(super) static KEYS: &[Key] = &[
    used(
        "clientPort",
        Use::ClientPort,
        "`--zookeeper`, on every interface unless `clientPortAddress` names one",
    ),
    used("clientPortAddress", Use::ClientAddress, "`--zookeeper`"),
    used(
        "dataDir",
        Use::DataDir,
        "`--data-dir`; a file `myid` in it is `--node-id`. It must not hold data of a real ZooKeeper server, which \
         this version does not read",
    ),
    setting("tickTime", "zookeeper-tick-ms"),
    used(
        "minSessionTimeout",
        Use::SessionTimeout("zookeeper-session-timeout-min-ms"),
        "`--zookeeper-session-timeout-min-ms`, unless it is -1",
    ),
    used(
        "maxSessionTimeout",
        Use::SessionTimeout("zookeeper-session-timeout-max-ms"),
        "`--zookeeper-session-timeout-max-ms`, unless it is -1",
    ),
    used("maxClientCnxns", Use::MaxClients, "`--zookeeper-max-connections-per-address`; 0 is no limit"),
    used("maxCnxns", Use::MaxConnections, "`--max-connections`; 0 leaves it as it is"),
    used(
        "jute.maxbuffer",
        Use::MaxBuffer,
        "`--max-znode-size`. The real server knows it as a property of Java only",
    ),
    used("4lw.commands.whitelist", Use::Words, "`--zookeeper-words`, and `srvr` always"),
    setting("DigestAuthenticationProvider.superDigest", "zookeeper-super-digest"),
    used("enforceQuota", Use::EnforceQuota, "`--zookeeper-enforce-quota`"),
    used(
        "server.*",
        Use::Server,
        "one is accepted, and if it names a client port, that is used. Two are refused",
    ),
    used("dynamicConfigFile", Use::DynamicConfig, "the file is read for `server.N`"),
    used("authProvider.*", Use::AuthProvider, "`digest` and `ip` are always there; others are ignored"),
    used(
        "secureClientPort",
        Use::SecurePort,
        "refused if there is no `clientPort`, and ignored else: no TLS yet",
    ),
    used(
        "dataLogDir",
        Use::DataLogDir,
        "ignored: log and snapshots are both in `dataDir`. It must not hold data of a real ZooKeeper server either",
    ),
    // Unsafe to leave out.
    refused_unless(
        "sessionRequireClientSASLAuth",
        &["false"],
        "clients could not be made to prove who they are: this version has no SASL",
    ),
    refused_unless(
        "enforce.auth.enabled",
        &["false"],
        "clients could not be made to prove who they are: this version has no such check",
    ),
    refused_unless("requireClientAuthScheme", &[], "clients could not be made to prove who they are"),
    refused_unless(
        "DigestAuthenticationProvider.enabled",
        &["true"],
        "clients could still prove who they are by a password: the scheme cannot be turned off",
    ),
    refused_unless(
        "DigestAuthenticationProvider.digestAlg",
        &["SHA1", "SHA-1"],
        "passwords in access control lists are known by their SHA-1 only",
    ),
    // Does not matter.
    ignored("enforce.auth.schemes", "it needs enforce.auth.enabled"),
    ignored("allowSaslFailedClients", SASL),
    ignored("kerberos.*", SASL),
    ignored("secureClientPortAddress", TLS),
    ignored_unless("client.portUnification", &["false"], TLS),
    ignored("ssl.*", TLS),
    ignored("X509AuthenticationProvider.*", TLS),
    ignored("superUser", TLS),
    ignored_unless("sslQuorum", &["false"], ENSEMBLE),
    ignored_unless("sslQuorumReloadCertFiles", &["false"], ENSEMBLE),
    ignored_unless("portUnification", &["false"], ENSEMBLE),
    ignored("ensembleAuthName", "clients are not asked for the name of their ensemble"),
    ignored_unless("skipACL", &["no"], "access control lists are always checked"),
    ignored_unless(
        "extendedTypesEnabled",
        &["true"],
        "containers and znodes with a time to live can always be made",
    ),
    ignored_unless("emulate353TTLNodes", &["false"], "there are no znodes of that version"),
    ignored_unless("readonlymode.enabled", &["false"], "a server that is alone is never cut off from others"),
    ignored_unless("localSessionsEnabled", &["false"], "all sessions are global"),
    ignored_unless("localSessionsUpgradingEnabled", &["false"], "all sessions are global"),
    ignored_unless("reconfigEnabled", &["false"], "reconfig is refused: this server is alone"),
    ignored_unless("standaloneEnabled", &["true"], ENSEMBLE),
    ignored_unless("electionAlg", &["3"], ENSEMBLE),
    ignored_unless("peerType", &["participant"], ENSEMBLE),
    ignored("initLimit", ENSEMBLE),
    ignored("syncLimit", ENSEMBLE),
    ignored("syncEnabled", ENSEMBLE),
    ignored("connectToLearnerMasterLimit", ENSEMBLE),
    ignored("leaderServes", ENSEMBLE),
    ignored("leader.*", ENSEMBLE),
    ignored("learner.*", ENSEMBLE),
    ignored("follower.*", ENSEMBLE),
    ignored("observer*", ENSEMBLE),
    ignored("group.*", ENSEMBLE),
    ignored("weight.*", ENSEMBLE),
    ignored("quorum*", ENSEMBLE),
    ignored("cnxTimeout", ENSEMBLE),
    ignored("election*", ENSEMBLE),
    ignored("fastleader.*", ENSEMBLE),
    ignored("maxTimeToWaitForEpoch", ENSEMBLE),
    ignored("maxConcurrent*", ENSEMBLE),
    ignored("multiAddress.*", ENSEMBLE),
    ignored("tcpKeepAlive", ENSEMBLE),
    ignored("oraclePath", ENSEMBLE),
    ignored("forward_learner_requests_to_commit_processor_disabled", ENSEMBLE),
    ignored_unless("forceSync", &["yes"], "--durability says when changes are synced"),
    ignored("autopurge.*", STORAGE),
    ignored("snapCount", STORAGE),
    ignored("snapSizeLimitInKb", STORAGE),
    ignored("txnLogSizeLimitInKb", STORAGE),
    ignored("preAllocSize", STORAGE),
    ignored("commitLogCount", STORAGE),
    ignored("snapshot.*", STORAGE),
    ignored("fsync.*", STORAGE),
    ignored_unless("admin.enableServer", &["false"], ADMIN),
    ignored("admin.*", ADMIN),
    ignored_unless(
        "metricsProvider.className",
        &["org.apache.zookeeper.metrics.impl.DefaultMetricsProvider"],
        METRICS,
    ),
    ignored("metricsProvider.*", METRICS),
    ignored("globalOutstandingLimit", THROTTLE),
    ignored("requestThrottle*", THROTTLE),
    ignored("requestStale*", THROTTLE),
    ignored("request_throttle*", THROTTLE),
    ignored("request_stale*", THROTTLE),
    ignored("throttledOpWaitTime", THROTTLE),
    ignored("connection*", THROTTLE),
    ignored("largeRequest*", "max-znode-size bounds requests"),
    ignored("clientPortListenBacklog", "the system's limit is used"),
    ignored_unless("clientTcpKeepAlive", &["true"], "connections are always kept alive"),
    ignored("znode.container.*", "empty containers are removed when it is time"),
    ignored_unless("audit.enable", &["false"], "there is no audit log"),
    ignored("audit.*", "there is no audit log"),
    ignored("serverCnxnFactory", ENGINE),
    ignored("nio.*", ENGINE),
    ignored("netty.*", ENGINE),
    ignored("outstandingHandshake.*", ENGINE),
    ignored("commitProcessor.*", ENGINE),
    ignored("advancedFlowControlEnabled", ENGINE),
    ignored("flushDelay", ENGINE),
    ignored("maxWriteQueuePollTime", ENGINE),
    ignored("maxBatchSize", ENGINE),
    ignored("intBufferStartingSizeBytes", ENGINE),
    ignored("maxResponseCacheSize", ENGINE),
    ignored("maxGetChildrenResponseCacheSize", ENGINE),
    ignored("watchManagerName", ENGINE),
    ignored("watcherClean*", ENGINE),
    ignored("maxInProcessingDeadWatchers", ENGINE),
    ignored("bitHashCacheSize", ENGINE),
    ignored("enableEagerACLCheck", ENGINE),
    ignored("digest.enabled", ENGINE),
    ignored("closeSessionTxn.enabled", ENGINE),
    ignored("messageTracker.*", ENGINE),
    ignored("jute.*", ENGINE),
    ignored("jvm.*", "there is no Java virtual machine"),
    ignored("jmx.*", "there is no Java virtual machine"),
];

/// What becomes of this key, if it is known. In front of it, `zookeeper.` means nothing: the real server puts it there.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    let name = name.strip_prefix("zookeeper.").unwrap_or(name);
    KEYS.iter().find(|key| match key.name.strip_suffix('*') {
        Some(beginning) => name.strip_prefix(beginning).is_some_and(|rest| !rest.is_empty()),
        None => key.name == name,
    })
}
