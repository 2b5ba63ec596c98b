//! A server that promises much and sends little, or nothing more.

use std::time::Duration;

use trellis_zk_client::{Attempt, Client, ConnectError, Error, Loss, Settings};

use crate::fake::{Fake, Step};

/// The length of a frame of 100 MB, which never comes.
const PROMISE: &[u8] = &100_000_000_u32.to_be_bytes();
const TIMEOUT: Duration = Duration::from_millis(100);

/// A request that is sent, and what it comes to.
async fn ask(client: &Client, settings: &Settings) {
    let server = settings.servers.list[0].clone();
    let late = Error::Late { server, timeout: TIMEOUT };
    assert_eq!(client.get_data("/a").await, Err(late.clone()));
    let address = &settings.servers.list[0];
    let expected = format!("{address} has not answered within 0.1 s; it may still do what it was asked");
    assert_eq!(late.to_string(), expected);
    // The ones behind it fare no better, and what is never answered is no sign of life.
    assert!(matches!(client.get_data("/b").await, Err(Error::Late { .. })));
}

fn stingy(rest: Step) -> Fake {
    let mut fake = Fake::start(vec![
        Step::Accept { session: 0, granted: 7 },
        Step::Expect("GetData { path: \"/app/a\", watch: false }"),
        Step::Raw(PROMISE),
        rest,
    ]);
    fake.settings.request_timeout = TIMEOUT;
    fake
}

fn stingy_at_first(rest: Step) -> Fake {
    let mut fake = Fake::start(vec![Step::AcceptWith(PROMISE), rest]);
    fake.settings.connect_timeout = TIMEOUT;
    fake
}

fn unreachable(settings: &Settings, outcome: Result<Client, ConnectError>) {
    let attempt = Attempt { server: settings.servers.list[0].clone(), loss: Loss::Silent };
    let Err(error) = outcome else { panic!("no session was granted") };
    assert_eq!(error, ConnectError::Unreachable(vec![attempt]));
    let address = &settings.servers.list[0];
    let expected = format!("none of the servers can be reached ({address}: it does not answer)");
    assert_eq!(error.to_string(), expected);
}

#[cfg(feature = "thread")]
mod thread {
    use trellis_zk_client::blocking::{self, Wait};

    use super::*;

    #[test]
    fn a_request_is_not_waited_for_longer_than_it_may_take() {
        for rest in [Step::Swallow, Step::Dribble] {
            let fake = stingy(rest);
            let client = blocking::connect(&fake.settings).expect("a session");
            ask(&client, &fake.settings).wait();
            drop(client);
            fake.finish();
        }
    }

    #[test]
    fn a_session_is_not_waited_for_longer_than_it_may_take() {
        for rest in [Step::ExpectEnd, Step::Dribble] {
            let fake = stingy_at_first(rest);
            unreachable(&fake.settings, blocking::connect(&fake.settings));
            fake.finish();
        }
    }
}

#[cfg(feature = "tokio")]
mod tokio {
    use ::tokio::runtime::Builder;
    use trellis_zk_client::tokio as driver;

    use super::*;

    #[test]
    fn a_request_is_not_waited_for_longer_than_it_may_take() {
        for rest in [Step::Swallow, Step::Dribble] {
            let fake = stingy(rest);
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let client = driver::connect(&fake.settings).await.expect("a session");
                ask(&client, &fake.settings).await;
            });
            drop(runtime);
            fake.finish();
        }
    }

    #[test]
    fn a_session_is_not_waited_for_longer_than_it_may_take() {
        for rest in [Step::ExpectEnd, Step::Dribble] {
            let fake = stingy_at_first(rest);
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            unreachable(&fake.settings, runtime.block_on(driver::connect(&fake.settings)));
            drop(runtime);
            fake.finish();
        }
    }
}
