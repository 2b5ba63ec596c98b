//! The tasks that stand for election, one for each singleton, and the one that watches their session. They tell the loop
//! what they find; nothing is started or stopped here.

use std::convert::Infallible;
use std::time::Instant;

use trellis_zk_client::recipe::{Election, Standing};
use trellis_zk_client::{Client, ConnectError, Error};

use super::Happening;
use super::ticks::last_tick;
use crate::limits::{LEADER_LOOK_PERIOD, LEASE_MARGIN};

/// Stands for election and leads, until that is over.
pub(super) async fn campaign(
    client: &Client,
    election: &Election,
    candidate: &str,
    ticks: Option<&str>,
    tell: &impl Fn(Happening),
) -> Result<(), Error> {
    let elected = tokio::select! {
        elected = election.campaign(None) => elected?,
        outcome = observe(client, election, candidate, tell) => return outcome,
    };
    let Some(holding) = elected else { return Ok(()) };
    let mut standing = holding.standing();
    loop {
        match standing {
            Standing::Certain => {
                let since = loop {
                    match last_tick(client, ticks).await {
                        Ok(since) => break since,
                        Err(error) => client.wait_out(error).await?,
                    }
                };
                let confirmed = client.confirmed_after(None).await?;
                tell(Happening::Elected(since, lease(client, confirmed)));
                standing = tokio::select! {
                    changed = holding.standing_changed(standing) => changed,
                    outcome = renew(client, confirmed, tell) => match outcome? {},
                };
                continue;
            }
            Standing::Suspended => tell(Happening::Suspended),
            Standing::Lost => return Ok(()),
        }
        standing = holding.standing_changed(standing).await;
    }
}

/// Tells how long the session lives, each time that a server has confirmed it. It ends with the session.
async fn renew(
    client: &Client,
    mut confirmed: Instant,
    tell: &impl Fn(Happening),
) -> Result<Infallible, Error> {
    loop {
        // Where there is much to be asked of servers, not every answer need be told.
        let news = confirmed + client.session_timeout() / LEASE_MARGIN;
        confirmed = client.confirmed_after(Some(news)).await?;
        tell(Happening::Confirmed(lease(client, confirmed)));
    }
}

/// Until when nobody else can be elected, if a server has got a request that was sent at that moment.
fn lease(client: &Client, confirmed: Instant) -> Instant {
    let timeout = client.session_timeout();
    confirmed + (timeout - timeout / LEASE_MARGIN)
}

/// Tells who is elected, as long as this machine is not. It ends with the session.
async fn observe(
    client: &Client,
    election: &Election,
    candidate: &str,
    tell: &impl Fn(Happening),
) -> Result<(), Error> {
    loop {
        client.connected().await?;
        let mut states = client.states();
        match election.leader().await? {
            Some(leader) if leader != candidate => tell(Happening::Held(leader)),
            _ => {}
        }
        tokio::select! {
            _ = states.change() => {}
            () = tokio::time::sleep(LEADER_LOOK_PERIOD) => {}
        }
    }
}

/// Tells when no server can be reached, and when one can be again, once each; the one before this may have told the first. It
/// ends with the session.
pub(super) async fn watch(client: Client, mut is_silent: bool, tell: impl Fn(Option<String>)) {
    loop {
        if !is_silent {
            match client.ready().await {
                Ok(()) => {}
                Err(error @ ConnectError::Unreachable(_)) => {
                    tell(Some(error.to_string()));
                    is_silent = true;
                }
                Err(_) => return,
            }
        }
        if is_silent {
            if client.connected().await.is_err() {
                return;
            }
            tell(None);
            is_silent = false;
        }
        let mut states = client.states();
        while client.state().is_connected() {
            states.change().await;
        }
    }
}
