//! Many jobs that are to be done, and those that were.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use trellis_tube_client::PutOptions;
use trellis_tube_client::blocking::Client;

use crate::supervisor::DEADLINE;

/// Puts so many jobs, whose bodies are `done` and a number from `first` on.
pub(crate) fn put_many(client: &mut Client, first: usize, count: usize) {
    let bodies: Vec<String> = (first..first + count).map(|number| format!("done {number}")).collect();
    // A job that somebody has taken and forgotten is not to come back by itself.
    let options = PutOptions { ttr: Duration::from_secs(3600), ..PutOptions::default() };
    client.put_all(&bodies, &options).into_iter().for_each(|put| assert!(put.is_ok(), "{put:?}"));
}

/// Waits until there is no job in the tube; none may be buried.
#[track_caller]
pub(crate) fn wait_until_empty(client: &mut Client) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let statistics = client.stats_tube("work").expect("it answers").unwrap_or_default();
        let number = |state| statistics.number(&format!("current-jobs-{state}")).unwrap_or(0);
        assert_eq!(number("buried"), 0, "{statistics:?}");
        if ["ready", "reserved", "delayed"].into_iter().map(number).sum::<u64>() == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "there are jobs left: {statistics:?}");
        // Asking again and again would take the time that the workers need.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Where workers note what they have done.
pub(crate) struct Record(tempfile::NamedTempFile);

impl Record {
    pub(crate) fn new() -> Record {
        Record(tempfile::NamedTempFile::new().expect("a file"))
    }

    /// For a worker's environment.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// How many jobs were done, those that were done twice counted twice. All of the first `count` must be there.
    #[track_caller]
    pub(crate) fn check(&self, count: usize) -> usize {
        let text = std::fs::read_to_string(self.path()).expect("it is there");
        let done: BTreeSet<&str> = text.lines().collect();
        for number in 0..count {
            assert!(done.contains(format!("done {number}").as_str()), "job {number} was not done");
        }
        assert_eq!(done.len(), count);
        text.lines().count()
    }
}
