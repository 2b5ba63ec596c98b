//! Waiting: for a limited time, and over lost connections.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::client::{Client, Timer};
use crate::error::Error;
use crate::limits::READS_MAX;
use crate::machine::deadlines::after;

/// Waits for a future, but no longer than that. `None`: it was not done in time, and is dropped.
pub(super) async fn within<T>(
    client: &Client,
    patience: Option<Duration>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    let Some(patience) = patience else { return Some(future.await) };
    let mut timer = pin!(Timer::new(client, after(client.now(), patience)));
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Does something again and again until a server has answered. It must be such that doing it twice is the same as once.
pub(super) async fn persist<T, F>(client: &Client, mut operation: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        match operation().await {
            Err(error) => client.wait_out(error).await?,
            outcome => return outcome,
        }
    }
}

/// Reads something of each of these nodes, many at a time. `None` stands for a node that is not there.
pub(super) async fn read_each<T, F>(
    client: &Client,
    paths: &[String],
    read: impl Fn(&str) -> F,
) -> Result<Vec<Option<T>>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut found = Vec::new();
    for paths in paths.chunks(READS_MAX) {
        // All are under way before the first is waited for.
        let calls: Vec<F> = paths.iter().map(|path| read(path)).collect();
        for (path, call) in paths.iter().zip(calls) {
            let mut call = Some(call);
            match persist(client, || call.take().unwrap_or_else(|| read(path))).await {
                Err(error) if error.is(crate::ErrorCode::NoNode) => found.push(None),
                outcome => found.push(Some(outcome?)),
            }
        }
    }
    Ok(found)
}

/// Deletes a node, unless it is gone already.
pub(super) async fn delete(client: &Client, path: &str) -> Result<(), Error> {
    match persist(client, || client.delete(path, None)).await {
        Err(error) if error.is(crate::ErrorCode::NoNode) => Ok(()),
        outcome => outcome,
    }
}
