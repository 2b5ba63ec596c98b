//! The operator's four-letter words, answered as the real server answers them. `docs/four-letter-words.md` says where
//! an answer differs.
//!
//! Whatever there may be many of (connections, sessions, watches) is told in pieces of [`Sheet`]: between two of them
//! everybody else has a turn, and the next one is not made before the client has taken the last. So an answer of any
//! length takes little memory, and nobody waits for it but who has asked. It is not the state of one moment.

mod dump;
mod lists;
mod server;
mod sheet;
mod system;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trellis_replica::Replica;
use trellis_zk_codec::FourLetterWord as Word;

use super::hub::Hub;
use super::peer::Peer;
use super::watches::Along;
use sheet::Sheet;

/// An answer that is being given.
pub(super) struct Answer(Pin<Box<dyn Future<Output = ()> + Send>>);

/// Whom to ask, and who asks.
struct Asked {
    peer: Arc<Peer>,
    hub: Arc<Hub>,
    replica: Replica,
}

impl Answer {
    pub(super) fn new(word: Word, peer: &Arc<Peer>, hub: &Arc<Hub>, replica: &Replica) -> Self {
        let (peer, hub, replica) = (Arc::clone(peer), Arc::clone(hub), replica.clone());
        Answer(Box::pin(answer(word, Asked { peer, hub, replica })))
    }

    /// Gives some more of it to the connection. Wakes the connection's task for the next piece; ready at the end.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

async fn answer(word: Word, asked: Asked) {
    let mut sheet = Sheet::new(Arc::clone(&asked.peer.outgoing));
    if asked.hub.settings.allows_word(word) {
        tracing::debug!(word = word.as_str(), address = %asked.peer.address, "a word is answered");
        tell(word, &asked, &mut sheet).await;
    } else {
        sheet.line(format_args!("{} is not executed because it is not in the whitelist.", word.as_str()));
    }
    sheet.finish();
    asked.hub.statistics().totals.sent += 1;
}

async fn tell(word: Word, asked: &Asked, sheet: &mut Sheet) {
    match word {
        Word::Ruok => sheet.text("imok"),
        // No server of this version only reads.
        Word::Isro => sheet.text("rw"),
        // The real server's digests of its tree are its own; one that has counted no transaction yet has none either.
        Word::Hash => {}
        Word::Srvr => {
            server::version(sheet);
            server::state(asked, sheet);
        }
        Word::Stat => {
            server::version(sheet);
            sheet.line("Clients:");
            lists::connections(asked, sheet, true).await;
            server::state(asked, sheet);
        }
        Word::Mntr => server::monitor(asked, sheet).await,
        Word::Conf => server::settings(asked, sheet).await,
        Word::Envi => system::environment(sheet),
        Word::Dirs => server::directories(asked, sheet).await,
        Word::Cons => lists::connections(asked, sheet, false).await,
        Word::Crst => {
            lists::reset_connections(asked, sheet).await;
            sheet.line("Connection stats reset.");
        }
        Word::Srst => {
            asked.hub.statistics().reset();
            sheet.line("Server stats reset.");
        }
        Word::Dump => dump::dump(asked, sheet).await,
        Word::Wchs => lists::watches_in_short(asked, sheet),
        Word::Wchc => lists::watches(asked, sheet, Along::Client).await,
        Word::Wchp => lists::watches(asked, sheet, Along::Path).await,
    }
}
