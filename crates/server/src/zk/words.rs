//! The operator's four-letter words.

use trellis_replica::Replica;
use trellis_zk_codec::FourLetterWord;

use super::hub::Hub;
use crate::connections::Connections;

/// The answer to a word, as the real server gives it.
pub(super) fn answer(
    word: FourLetterWord,
    hub: &Hub,
    _replica: &Replica,
    _connections: &Connections,
) -> String {
    let name = word.as_str();
    if !hub.settings.words.iter().any(|allowed| allowed == "*" || allowed == name) {
        return format!("{name} is not executed because it is not in the whitelist.\n");
    }
    match word {
        FourLetterWord::Ruok => "imok".to_owned(),
        _ => String::new(),
    }
}
