//! The example of a workers' file, as its own first lines say that it is run.

use std::path::Path;

use crate::host::Host;
use crate::supervisor::Supervisor;

const EXAMPLE: &str = include_str!("../../../../examples/workers.toml");

/// The commands of its first lines, without `trellis` and what a shell would do.
fn commands() -> Vec<Vec<String>> {
    let lines = EXAMPLE.lines().filter_map(|line| line.strip_prefix("#   trellis "));
    let words = |line: &str| {
        let words = line.trim_end_matches(" &").split(' ');
        words.map(|word| word.trim_matches('"').to_owned()).collect()
    };
    lines.map(words).collect()
}

#[test]
fn it_runs_as_it_says() {
    let [serve, run, put] = commands().try_into().expect("three commands");
    assert_eq!(serve[..2], ["serve", "--data-dir"]);
    assert_eq!(run[..2], ["run", "--config"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    assert!(root.join(&run[2]).is_file(), "{}", run[2]);
    // Its servers are those of a machine where nothing else runs.
    let host = Host::forgetful();
    let file =
        EXAMPLE.replace("127.0.0.1:2181", host.zookeeper()).replace("127.0.0.1:11300", host.beanstalk());
    let mut supervisor = Supervisor::start(&file);
    let output = crate::trellis().args(put).env("TRELLIS_TUBE_SERVER", host.beanstalk()).output();
    assert!(output.expect("it runs").status.success());
    supervisor.wait_for("mail: hello");
    supervisor.wait_for("leader.0 | this machine leads");
    supervisor.wait_for("started process=follower.0");
    supervisor.ask(&["stop"]);
    assert_eq!(supervisor.end().code(), Some(0));
}
