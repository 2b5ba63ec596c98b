//! Lanes and the jobs that they hold.

use std::time::Duration;

use super::{Stage, Told, Tube};
use crate::config::{Backoff, Jobs, Mode};
use crate::dispatch::{Event, WorkerId};
use crate::{JobId, Moment};

const NOW: Moment = Moment::START;

/// Two places for jobs of a server that is not there.
fn tube() -> Tube {
    let retry = Backoff { first: Duration::ZERO, max: Duration::ZERO };
    let settings = Jobs { tube: "t".to_owned(), mode: Mode::Exec, tries_max: 3, retry, prefetch: 0 };
    let servers = vec!["127.0.0.1:1".parse().expect("an address")];
    let mut tube = Tube::new(0, &settings, Duration::from_secs(1), servers, |_| ());
    for place in 0..2 {
        tube.on(NOW, Event::Joined(WorkerId(place)));
    }
    assert!(tube.lanes.iter().all(|lane| lane.stage == Stage::Asking));
    tube
}

#[tokio::test]
async fn a_job_belongs_to_the_lane_that_had_it_last() {
    let mut tube = tube();
    let job = JobId { server: 0, id: 7 };
    tube.told(NOW, 0, Told::Reserved(job, Vec::new()));
    // The connection of the first lane is gone, and it finds that out later than the second one has the job.
    tube.told(NOW, 1, Told::Reserved(job, Vec::new()));
    assert_eq!(tube.holders.get(&job), Some(&1));
    assert!(tube.lanes[1].stage == Stage::Holding(job));
    assert!(tube.lanes[0].stage == Stage::Idle, "it can be asked for other jobs");
    tube.told(NOW, 0, Told::Lost);
    assert_eq!(tube.holders.get(&job), Some(&1));
    assert!(tube.dispatcher.due().is_some(), "it is looked after");
}
