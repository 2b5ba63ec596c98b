//! The keys of `[server]`. Nothing here connects.

use std::time::Duration;

use super::{Form, Key};
use crate::config::{Server, value};

/// In the order of the reference page.
pub(in crate::config) static SERVER_KEYS: &[Key<Server>] = &[
    Key {
        name: "zookeeper",
        form: Form::Texts(|server, texts| {
            server.zookeeper = value::addresses(&texts, 2181)?;
            Ok(())
        }),
        default: "\"127.0.0.1:2181\"",
        example: "zookeeper = \"a.example:2181,b.example:2181,c.example:2181\"",
        help: "The servers of ZooKeeper's protocol, of one ensemble: `host:port`, several with commas between them or \
               as an array. Needed by programs with `singleton`; machines agree there on who runs what.",
    },
    Key {
        name: "beanstalk",
        form: Form::Texts(|server, texts| {
            server.beanstalk = value::addresses(&texts, 11300)?;
            Ok(())
        }),
        default: "[\"127.0.0.1:11300\"]",
        example: "beanstalk = [\"a.example:11300\", \"b.example:11300\"]",
        help: "The servers of beanstalkd's protocol. Needed by programs with a `tube`; jobs are taken from all of \
               them.",
    },
    Key {
        name: "session_timeout",
        form: Form::Time(Duration::from_secs(1), Duration::from_secs(3600), |server, time| {
            server.session_timeout = time;
        }),
        default: "\"10s\"",
        example: "session_timeout = \"5s\"",
        help: "After how long the singletons of a machine that is silent go to another one. The server may ask for \
               more or less than this.",
    },
    Key {
        name: "root",
        form: Form::Text(|server, text| {
            server.root = value::znode(text)?;
            Ok(())
        }),
        default: "\"/trellis\"",
        example: "root = \"/shop/workers\"",
        help: "The znode below which machines agree on who runs what. Machines that share the servers and have the \
               same root share the singletons of the same names.",
    },
];
