//! What a session outlives: `sessions thread|tokio HOST:PORT` goes over lost connections and over restarts of the server,
//! and fails if something is not as it should be. It is to see that the client gets along with any server of ZooKeeper's
//! protocol. Whoever starts it ends the server when it writes `stop`, starts it again when it writes `start`, and answers
//! each with a line.

mod proxy;
mod tour;

use std::io::Write;

use trellis_zk_client::blocking::{self, Wait};
use trellis_zk_client::tokio as driver;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(kind), Some(server)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sessions thread|tokio HOST:PORT".into());
    };
    match kind.as_str() {
        "thread" => tour::run(async |settings| blocking::connect(&settings), &server).wait(),
        "tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(tour::run(async |settings| driver::connect(&settings).await, &server));
        }
        other => return Err(format!("there is no driver {other}").into()),
    }
    Ok(())
}

/// Has whoever has started this program do something to the server, and waits until it is done.
fn order(word: &str) {
    say(word);
    let mut answer = String::new();
    let bytes = std::io::stdin().read_line(&mut answer).expect("an answer can be read");
    assert!(bytes > 0, "nobody does what `{word}` asks for");
}

fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).expect("somebody reads this");
}
