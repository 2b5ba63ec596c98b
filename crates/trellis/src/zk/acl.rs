//! Access control lists as users write and read them: `scheme:id:permissions`, and the commands `getAcl` and `setAcl`.

use clap::Args;
use serde::Serialize;
use trellis_zk_codec::{Acl, permissions};

use super::argument::{ANY_VERSION, version};
use super::context::Context;
use super::stat::{self, StatJson};
use crate::exit::Failure;
use crate::output::{Output, note};

/// Arguments of `getAcl`.
#[derive(Args)]
pub(super) struct GetAclArgs {
    /// Print the node's record, too
    #[arg(short)]
    stat: bool,

    /// The node
    path: String,
}

/// Arguments of `setAcl`.
#[derive(Args)]
pub(super) struct SetAclArgs {
    /// Print the node's record afterwards
    #[arg(short)]
    stat: bool,

    /// Only if the list has this version (aclVersion)
    #[arg(short, value_name = "VERSION", value_parser = version, allow_negative_numbers = true)]
    version: Option<i32>,

    /// Do it to all nodes below, too
    #[arg(short = 'R')]
    recursive: bool,

    /// The node
    path: String,

    /// Who may do what: scheme:id:permissions,... with permissions of the letters c, d, r, w, a (create and delete
    /// children, read, write, set the list), as in `world:anyone:r,auth::cdrwa`
    #[arg(value_parser = parse)]
    acl: AclList,
}

/// A whole list. A type of its own, as clap takes a vector for an argument with many values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AclList(pub(super) Vec<OwnedAcl>);

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OwnedAcl {
    scheme: String,
    id: String,
    #[serde(serialize_with = "serialize_letters")]
    permissions: i32,
}

impl OwnedAcl {
    /// The entry for the codec.
    pub(super) fn borrow(&self) -> Acl<'_> {
        Acl { permissions: self.permissions, scheme: &self.scheme, id: &self.id }
    }
}

impl From<Acl<'_>> for OwnedAcl {
    fn from(acl: Acl<'_>) -> Self {
        OwnedAcl { scheme: acl.scheme.to_owned(), id: acl.id.to_owned(), permissions: acl.permissions }
    }
}

/// The letters of the permissions, in the order in which ZooKeeper shows them.
const LETTERS: [(char, i32); 5] = [
    ('c', permissions::CREATE),
    ('d', permissions::DELETE),
    ('r', permissions::READ),
    ('w', permissions::WRITE),
    ('a', permissions::ADMIN),
];

/// Reads a list. An id may have colons of its own.
pub(super) fn parse(text: &str) -> Result<AclList, String> {
    let entries = text.split(',').map(|entry| {
        let (scheme, rest) = entry.split_once(':').unwrap_or_default();
        let Some((id, letters)) = rest.rsplit_once(':') else {
            return Err(format!("{entry} does not have the form scheme:id:perm"));
        };
        let mut permissions = 0;
        for letter in letters.chars() {
            let known = LETTERS.iter().find(|(known, _)| *known == letter);
            permissions |= known.ok_or_else(|| format!("Unknown perm type: {letter}"))?.1;
        }
        Ok(OwnedAcl { scheme: scheme.to_owned(), id: id.to_owned(), permissions })
    });
    Ok(AclList(entries.collect::<Result<_, _>>()?))
}

/// Prints who may do what with a node.
pub(super) fn get(args: &GetAclArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Found {
        acl: Vec<OwnedAcl>,
        #[serde(skip_serializing_if = "Option::is_none")]
        stat: Option<StatJson>,
    }
    let (acl, stat) = context.nodes.acl(&args.path)?;
    if output.json() {
        return output.value(&Found { acl, stat: args.stat.then(|| stat.into()) });
    }
    for entry in acl {
        // The break in it is zkCli's, and what reads its output counts on it.
        output.line(format!("'{},'{}\n: {}", entry.scheme, entry.id, letters(entry.permissions)))?;
    }
    if args.stat { stat::print(&stat, output) } else { Ok(()) }
}

/// Decides who may do what with a node, or with it and all below.
pub(super) fn set(args: &SetAclArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let AclList(acl) = &args.acl;
    if !args.recursive {
        let stat = context.nodes.set_acl(&args.path, acl, args.version.unwrap_or(ANY_VERSION))?;
        return if args.stat { stat::print_or_json(&stat, output) } else { Ok(()) };
    }
    let mut last = None;
    super::walk::walk(&context.nodes, &args.path, false, |path| {
        // One node must not keep the others from being guarded.
        if let Err(error) = context.nodes.set_acl(path, acl, args.version.unwrap_or(ANY_VERSION)) {
            let failure = Failure::from(error);
            note(&failure.message);
            last = Some(Failure::silent(failure.exit));
        }
        Ok(())
    })?;
    last.map_or(Ok(()), Err)
}

fn letters(permissions: i32) -> String {
    LETTERS.iter().filter(|(_, bit)| permissions & bit != 0).map(|(letter, _)| letter).collect()
}

fn serialize_letters<S: serde::Serializer>(permissions: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&letters(*permissions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        let entry = |scheme: &str, id: &str, permissions| OwnedAcl {
            scheme: scheme.to_owned(),
            id: id.to_owned(),
            permissions,
        };
        let check = |text: &str, expected: &[OwnedAcl]| {
            assert_eq!(parse(text), Ok(AclList(expected.to_vec())), "{text}");
        };
        check("world:anyone:r", &[entry("world", "anyone", 1)]);
        check("auth::cdrwa", &[entry("auth", "", 31)]);
        check(
            "digest:bob:x+/=:ra,ip:10.0.0.0/8:",
            &[entry("digest", "bob:x+/=", 17), entry("ip", "10.0.0.0/8", 0)],
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
        check("foo", "foo does not have the form scheme:id:perm");
        check("foo:r", "foo:r does not have the form scheme:id:perm");
        check("world:anyone:r,", " does not have the form scheme:id:perm");
        check("world:anyone:rx", "Unknown perm type: x");
    }

    #[test]
    fn letters_come_in_their_order() {
        assert_eq!((letters(31), letters(1 | 16), letters(0)), ("cdrwa".into(), "ra".into(), "".into()));
    }
}
