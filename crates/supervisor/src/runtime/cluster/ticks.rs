//! The ticks that machines have taken, as znodes: whose each is, and which there are. Nothing here runs anything.

use jiff::Timestamp;
use trellis_zk_client::path::child;
use trellis_zk_client::{Client, CreateMode, Error, ErrorCode};

use crate::limits::TICKS_KEPT;
use crate::schedule::is_far_ahead;

/// The newest ticks that machines have taken.
pub(super) async fn taken(client: &Client, ticks: Option<&str>) -> Result<Vec<Timestamp>, Error> {
    let Some(ticks) = ticks else { return Ok(Vec::new()) };
    client
        .sync(ticks)
        .await
        .or_else(|error| if error.is(ErrorCode::NoNode) { Ok(()) } else { Err(error) })?;
    match client.children(ticks).await {
        Ok(listing) => {
            let (now, mut taken) = (Timestamp::now(), Vec::new());
            for name in &listing.names {
                let Some(at) = name.rsplit_once('@').and_then(|(_, at)| at.parse().ok()) else { continue };
                if is_far_ahead(at, now) {
                    // It is left there: it may be this machine whose clock is wrong.
                    tracing::warn!(
                        znode = child(ticks, name),
                        "not heeded, as its time is yet to come: the clock of a machine is wrong, or was; delete the znode \
                         if it wasn't this one's"
                    );
                } else {
                    taken.push(at);
                }
            }
            Ok(taken)
        }
        Err(error) if error.is(ErrorCode::NoNode) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Creates a tick's znode; returns whether it is this machine's. Old ones are removed.
pub(super) async fn claim(
    client: &Client,
    folder: &str,
    name: &str,
    candidate: &[u8],
) -> Result<bool, Error> {
    let path = child(folder, name);
    let ours = loop {
        let outcome = match client.create(&path, candidate, CreateMode::Persistent).await {
            Ok(_) => break true,
            Err(error) if error.is(ErrorCode::NoNode) => client.ensure_path(folder).await,
            // It may be of this machine, whose request was answered too late.
            Err(error) if error.is(ErrorCode::NodeExists) => match client.get_data(&path).await {
                Ok(data) => break data.bytes() == candidate,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            client.wait_out(error).await?;
        }
    };
    if let Ok(listing) = client.children(folder).await {
        for old in surplus(&listing.names, name) {
            // The next tick is another chance.
            let _ = client.delete(&child(folder, old), None).await;
        }
    }
    Ok(ours)
}

/// The znodes that tell nothing any more beside this one of a newer tick. Those of later ticks, which a clock that is ahead
/// has made, don't count. The names are sorted.
fn surplus<'a>(names: &'a [String], newest: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name <= newest).collect();
    names.truncate(names.len().saturating_sub(TICKS_KEPT));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_lie_ahead_push_out_no_others() {
        let names = |days: std::ops::Range<u32>| -> Vec<String> {
            days.map(|day| format!("p@2026-01-{day:02}T00:00:00Z")).collect()
        };
        assert_eq!(surplus(&names(1..26), "p@2026-01-13T00:00:00Z"), names(1..4));
        assert!(surplus(&names(4..26), "p@2026-01-13T00:00:00Z").is_empty());
    }
}
