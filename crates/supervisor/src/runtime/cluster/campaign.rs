//! The tasks that stand for election, one for each singleton, and the one that watches their session. They tell the loop
//! what they find; nothing is started or stopped here.

use trellis_zk_client::recipe::{Election, Standing};
use trellis_zk_client::{Client, ConnectError, Error};

use super::Happening;
use super::lease::{Clocks, Leases, ask, renew};
use super::ticks::taken;
use crate::limits::{LEADER_LOOK_AGAIN, LEADER_LOOK_PERIOD};

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
                let taken = loop {
                    match taken(client, ticks).await {
                        Ok(taken) => break taken,
                        Err(error) => client.wait_out(error).await?,
                    }
                };
                let mut leases = Leases::new(Clocks::now());
                ask(client).await?;
                let confirmed = client.confirmed_after(Some(leases.begin())).await?;
                let until = leases.confirmed(confirmed, client.session_timeout(), Clocks::now());
                tell(Happening::Elected(taken, until));
                standing = tokio::select! {
                    changed = holding.standing_changed(standing) => changed,
                    outcome = renew(client, leases, confirmed, tell) => match outcome? {},
                };
                continue;
            }
            Standing::Suspended => tell(Happening::Suspended),
            Standing::Lost => return Ok(()),
        }
        standing = holding.standing_changed(standing).await;
    }
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
        let other = election.leader().await?.filter(|leader| leader != candidate);
        let pause = if other.is_some() { LEADER_LOOK_PERIOD } else { LEADER_LOOK_AGAIN };
        other.into_iter().for_each(|leader| tell(Happening::Held(leader)));
        tokio::select! {
            _ = states.change() => {}
            () = tokio::time::sleep(pause) => {}
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
