//! Who a client is, and the names and secrets of sessions.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use trellis_core::NodeId;
use trellis_core::zk::{Password, SessionId};

/// A scheme and an id of it.
pub(super) type Identity = (&'static str, String);

/// The identities that a client proves by credentials of a scheme; `None` if it doesn't.
///
/// As in the real server's `DigestAuthenticationProvider` and `IPAuthenticationProvider`.
pub(super) fn identities(
    scheme: &str,
    credentials: Option<&[u8]>,
    address: IpAddr,
    super_digest: Option<&str>,
) -> Option<Vec<Identity>> {
    match scheme {
        "ip" => Some(vec![("ip", address.to_string())]),
        "digest" => {
            let digest = digest(&String::from_utf8_lossy(credentials?));
            let is_super = super_digest == Some(digest.as_str());
            let identity = ("digest", digest);
            Some(if is_super { vec![("super", String::new()), identity] } else { vec![identity] })
        }
        _ => None,
    }
}

/// The user and a hash of `user:password`.
///
/// The hash is what the protocol prescribes, SHA-1 without a salt: it keeps passwords from being read by the way, and
/// no more.
fn digest(credentials: &str) -> String {
    let user = credentials.split_once(':').map_or(credentials, |(user, _)| user);
    format!("{user}:{}", STANDARD.encode(Sha1::digest(credentials.as_bytes())))
}

/// A session's name and its secret, which nobody can guess; `None` if the system has no randomness to give. The node's
/// number in front keeps the names of different nodes apart.
pub(super) fn new_session(node: NodeId) -> Option<(SessionId, Password)> {
    let mut bytes = [0; 24];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "a session is refused: the system gives no random numbers");
        return None;
    }
    let (name, password) = bytes.split_first_chunk::<8>()?;
    let name = u64::from(node) << 56 | u64::from_le_bytes(*name) >> 8;
    Some((i64::from_ne_bytes(name.to_ne_bytes()), password.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn digests_are_those_of_the_real_server() {
        // From DigestAuthenticationProvider's documentation and `zkCli.sh addauth digest bob:bobspw`.
        assert_eq!(digest("super:test"), "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
    }

    #[test]
    fn the_super_user_is_who_has_its_digest() {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let digest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";
        let identities =
            |credentials: &[u8], super_digest| identities("digest", Some(credentials), ip, super_digest);
        let both = vec![("super", String::new()), ("digest", digest.to_owned())];
        assert_eq!(identities(b"super:test", Some(digest)), Some(both));
        assert_eq!(identities(b"super:test", None), Some(vec![("digest", digest.to_owned())]));
        assert_eq!(super::identities("world", Some(b"anyone"), ip, None), None);
    }

    #[test]
    fn null_shows_nothing_but_an_address() {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(identities("digest", None, ip, None), None);
        assert_eq!(identities("ip", None, ip, None), Some(vec![("ip", ip.to_string())]));
    }

    #[test]
    fn sessions_of_different_nodes_have_different_names() {
        let (first, password) = new_session(1).unwrap();
        let (second, _) = new_session(255).unwrap();
        assert_eq!((first >> 56, second >> 56), (1, -1));
        assert_ne!(password, [0; 16]);
    }
}
