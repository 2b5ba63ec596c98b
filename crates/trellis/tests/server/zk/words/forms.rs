//! Each word's answer, line by line, as ZooKeeper 3.8 gives it.

use trellis_zk_codec::CreateMode;

use super::super::client::Client;
use super::{ask, server};
use crate::server::Server;

const STATE: &str = "\
Latency min/avg/max: #/#/#
Received: #
Sent: #
Connections: 3
Outstanding: 0
Zxid: 0x5
Mode: standalone
Node count: 8
";

const MNTR: &str = "\
zk_version\t3.8.0-trellis-~
zk_server_state\tstandalone
zk_ephemerals_count\t2
zk_num_alive_connections\t3
zk_avg_latency\t#
zk_outstanding_requests\t0
zk_znode_count\t8
zk_global_sessions\t2
zk_non_mtls_remote_conn_count\t0
zk_last_client_response_size\t#
zk_packets_sent\t#
zk_packets_received\t#
zk_max_client_response_size\t#
zk_connection_drop_probability\t0.0
zk_watch_count\t4
zk_auth_failed_count\t0
zk_min_latency\t#
zk_max_file_descriptor_count\t#
zk_approximate_data_size\t57
zk_open_file_descriptor_count\t#
zk_local_sessions\t0
zk_uptime\t#
zk_max_latency\t#
zk_outstanding_tls_handshake\t0
zk_min_client_response_size\t16
zk_non_mtls_local_conn_count\t0
zk_connection_rejected\t0
zk_bytes_received_count\t#
zk_connection_request_count\t2
zk_stale_sessions_expired\t0
zk_avg_updatelatency\t#
zk_min_updatelatency\t#
zk_max_updatelatency\t#
zk_cnt_updatelatency\t5
zk_sum_updatelatency\t#
zk_avg_readlatency\t#
zk_min_readlatency\t#
zk_max_readlatency\t#
zk_cnt_readlatency\t5
zk_sum_readlatency\t#
";

const CONS: &str = " /127.0.0.1:#[1](queued=0,recved=6,sent=6,sid=FIRST,lop=GETC,est=#,to=40000,lcxid=0x5,lzxid=0x4,lresp=#,\
 llat=#,minlat=#,avglat=#,maxlat=#)
 /127.0.0.1:#[1](queued=0,recved=4,sent=4,sid=SECOND,lop=EXIS,est=#,to=40000,lcxid=0x3,lzxid=0x5,lresp=#,llat=#,\
 minlat=#,avglat=#,maxlat=#)
 /127.0.0.1:#[0](queued=0,recved=1,sent=0)

";

const DUMP: &str = "\
SessionTracker dump:
Session Sets (1)/(2):
2 expire at ~
\tFIRST
\tSECOND
ephemeral nodes dump:
Sessions with Ephemerals (2):
FIRST:
\t/a/e
SECOND:
\t/d
Connections dump:
Connections Sets (2)/(3):
1 expire at ~
\tip: /127.0.0.1:# sessionId: 0x0
2 expire at ~
\tip: /127.0.0.1:# sessionId: FIRST
\tip: /127.0.0.1:# sessionId: SECOND
";

const ENVI: &str = "\
Environment:
zookeeper.version=3.8.0-trellis-~
host.name=~
java.version=<NA>
java.vendor=<NA>
java.home=<NA>
java.class.path=<NA>
java.library.path=<NA>
java.io.tmpdir=<NA>
java.compiler=<NA>
os.name=Linux
os.arch=~
os.version=~
user.name=~
user.home=~
user.dir=~
os.memory.free=#MB
os.memory.max=#MB
os.memory.total=#MB
";

const CONF: &str = "\
clientPort=PORT
secureClientPort=-1
dataDir=DIRECTORY
dataDirSize=#
dataLogDir=DIRECTORY
dataLogSize=#
tickTime=2000
maxClientCnxns=60
minSessionTimeout=4000
maxSessionTimeout=40000
clientPortListenBacklog=-1
serverId=1
";

/// Whether a line has a form, in which `#` is a number and `~` the rest.
fn fits(line: &str, form: &str) -> bool {
    let Some(place) = form.find(['#', '~']) else { return line == form };
    let (before, kind) = form.split_at(place);
    let Some(rest) = line.strip_prefix(before) else { return false };
    if kind.starts_with('~') {
        return !rest.is_empty();
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest[..end].parse::<f64>().is_ok() && fits(&rest[end..], &kind[1..])
}

#[track_caller]
fn check(found: &str, form: &str) {
    let (lines, forms): (Vec<_>, Vec<_>) = (found.split('\n').collect(), form.split('\n').collect());
    for (line, form) in lines.iter().zip(&forms) {
        assert!(fits(line, form), "{line:?} and not {form:?} in\n{found}");
    }
    assert_eq!(lines.len(), forms.len(), "lines of\n{found}");
}

/// Two clients, with ephemeral znodes and watches. The second one watches a znode and its children.
fn clients(server: &Server) -> [Client; 2] {
    let mut first = Client::open(server.zookeeper());
    let mut second = Client::open(server.zookeeper());
    first.create("/a", b"hello").expect("it is created");
    first.create_as("/a/e", b"", CreateMode::Ephemeral).expect("it is created");
    first.get_watching("/a", true).expect("it is there");
    first.exists("/a/e", true).expect("it is there");
    first.children("/a", true).expect("it is there");
    second.create_as("/d", b"", CreateMode::Ephemeral).expect("it is created");
    second.ping();
    second.exists("/d/none", true).expect_err("it is not there");
    [first, second]
}

#[test]
fn answers_have_the_form_of_the_real_servers() {
    let server = server();
    let [first, second] = clients(&server);
    let named = |client: &Client| format!("{:#x}", client.session.id);
    let said = |word: &str| {
        let answer = ask(server.zookeeper(), word);
        answer.replace(&named(&first), "FIRST").replace(&named(&second), "SECOND")
    };
    check(&said("mntr"), MNTR);
    check(&said("srvr"), &format!("Zookeeper version: 3.8.0-trellis-~\n{STATE}"));
    let connections = " /127.0.0.1:#[1](queued=0,recved=6,sent=6)\n /127.0.0.1:#[1](queued=0,recved=4,sent=4)\n \
                       /127.0.0.1:#[0](queued=0,recved=1,sent=0)\n";
    check(&said("stat"), &format!("Zookeeper version: 3.8.0-trellis-~\nClients:\n{connections}\n{STATE}"));
    check(&said("cons"), CONS);
    check(&said("envi"), ENVI);
    check(&said("ruok"), "imok");
    check(&said("isro"), "rw");
    check(&said("hash"), "");
    check(&said("wchs"), "2 connections watching 3 paths\nTotal watches:3\n");
    check(&said("wchc"), "FIRST\n\t/a\n\t/a/e\nSECOND\n\t/d/none\n\n");
    check(&said("wchp"), "/a\n\tFIRST\n/a/e\n\tFIRST\n/d/none\n\tSECOND\n\n");
    check(&said("crst"), "Connection stats reset.\n");
    check(&said("srst"), "Server stats reset.\n");
}

#[test]
fn a_dump_tells_what_expires_when() {
    // One tick for all of it, so that the sets don't depend on the moment.
    let settings = ["--zookeeper-words", "dump", "--zookeeper-tick-ms", "3600000"];
    let timeouts =
        ["--zookeeper-session-timeout-min-ms", "1", "--zookeeper-session-timeout-max-ms", "4000000"];
    let server = Server::zookeeper_in_memory(&[settings, timeouts].concat());
    let address = server.zookeeper();
    let [mut first, mut second] = [(); 2].map(|()| Client::open_for(address, 3_700_000));
    first.create("/a", b"").expect("it is created");
    first.create_as("/a/e", b"", CreateMode::Ephemeral).expect("it is created");
    second.create_as("/d", b"", CreateMode::Ephemeral).expect("it is created");
    let dump = ask(address, "dump");
    let [first, second] = [first, second].map(|client| client.session.id);
    let dump = dump.replace(&format!("{first:#x}"), "FIRST").replace(&format!("{second:#x}"), "SECOND");
    // Sessions come by their ids, which are drawn by lot.
    let form = if first < second { DUMP.to_owned() } else { swapped(DUMP) };
    check(&dump, &form);
}

/// With the first and the second changed in what is told by session.
fn swapped(form: &str) -> String {
    let form = form.replacen("\tFIRST\n\tSECOND", "\tSECOND\n\tFIRST", 1);
    form.replacen("FIRST:\n\t/a/e\nSECOND:\n\t/d", "SECOND:\n\t/d\nFIRST:\n\t/a/e", 1)
}

#[test]
fn settings_and_directories_are_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start_zookeeper_with(directory.path(), &["--zookeeper-words", "conf,dirs"]);
    let address = server.zookeeper();
    let conf = CONF
        .replace("PORT", &address.port().to_string())
        .replace("DIRECTORY", &directory.path().display().to_string());
    check(&ask(address, "conf"), &conf);
    let dirs = ask(address, "dirs");
    check(&dirs, "datadir_size: #\nlogdir_size: #\n");
    let bytes: u64 =
        dirs.trim_end().rsplit(' ').next().and_then(|bytes| bytes.parse().ok()).expect("a number");
    assert!(bytes >= 64 << 20, "the log has a file, and {bytes} bytes are there");
}
