//! `create`: makes a node.

use clap::Args;
use trellis_zk_codec::{Acl, CreateMode};

use super::acl::{self, AclList};
use super::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Output, note};

/// Arguments of `create`.
#[derive(Args)]
pub(super) struct CreateArgs {
    /// Put a number behind the name, higher than those before it
    #[arg(short)]
    sequential: bool,

    /// Let the node go with this session
    #[arg(short)]
    ephemeral: bool,

    /// Let the node go when its last child has gone
    #[arg(short)]
    container: bool,

    /// Let the node go when it had no child and no change for so many milliseconds
    #[arg(short, value_name = "TTL", value_parser = ttl, allow_negative_numbers = true)]
    ttl: Option<i64>,

    /// The node
    path: String,

    /// Its data; null if it is left out
    #[arg(allow_hyphen_values = true)]
    data: Option<String>,

    /// Who may do what with it, as setAcl takes it; everybody may do everything if it is left out
    #[arg(value_parser = acl::parse)]
    acl: Option<AclList>,
}

/// The longest time to live, in milliseconds: the protocol leaves 40 bits for it.
const TTL_MS_MAX: i64 = 0xff_ffff_ffff;

impl CreateArgs {
    /// Whether the node goes with the session.
    pub(super) fn ephemeral(&self) -> bool {
        self.ephemeral
    }

    /// What the node is to be; not everything can be had together.
    fn mode(&self) -> Result<CreateMode, Failure> {
        let (sequential, ephemeral, container) = (self.sequential, self.ephemeral, self.container);
        let refused = |message: &str| Err(Failure::new(Exit::Usage, message));
        match (container, self.ttl.is_some()) {
            (true, _) if sequential || ephemeral => {
                refused("-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.")
            }
            (true, true) => refused("TTLs cannot be used with Container znodes"),
            (true, false) => Ok(CreateMode::Container),
            (false, true) if ephemeral => refused("TTLs cannot be used with Ephemeral znodes"),
            (false, true) if sequential => Ok(CreateMode::TtlSequential),
            (false, true) => Ok(CreateMode::Ttl),
            (false, false) if ephemeral && sequential => Ok(CreateMode::EphemeralSequential),
            (false, false) if ephemeral => Ok(CreateMode::Ephemeral),
            (false, false) if sequential => Ok(CreateMode::PersistentSequential),
            (false, false) => Ok(CreateMode::Persistent),
        }
    }
}

/// Creates the node and prints its path.
pub(super) fn run(args: &CreateArgs, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let open = AclList(vec![Acl::OPEN.into()]);
    let AclList(acl) = args.acl.as_ref().unwrap_or(&open);
    let data = args.data.as_ref().map(String::as_bytes);
    let path = context.nodes.create(&args.path, data, acl, args.mode()?, args.ttl)?;
    if args.ephemeral && context.events.is_none() {
        note("the node goes with the session of this command, when its time (--session-timeout-ms) is over");
    }
    match output.json() {
        true => output.value(&serde_json::json!({ "created": path })),
        false => output.line(format!("Created {path}")),
    }
}

fn ttl(text: &str) -> Result<i64, String> {
    let ttl = text.parse().map_err(|_| "-t argument must be a long value".to_owned())?;
    if (1..=TTL_MS_MAX).contains(&ttl) {
        return Ok(ttl);
    }
    Err(format!("ttl must be positive and cannot be larger than: {TTL_MS_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    #[test]
    fn flags_make_the_mode() {
        let check = |flags: &str, expected: Option<CreateMode>| {
            let command = CreateArgs::augment_args(clap::Command::new("create").no_binary_name(true));
            let words = flags.split_whitespace().chain(["/a"]);
            let args = command
                .try_get_matches_from(words)
                .and_then(|matches| CreateArgs::from_arg_matches(&matches));
            assert_eq!(args.ok().and_then(|args| args.mode().ok()), expected, "{flags}");
        };
        check("", Some(CreateMode::Persistent));
        check("-e", Some(CreateMode::Ephemeral));
        check("-s", Some(CreateMode::PersistentSequential));
        check("-se", Some(CreateMode::EphemeralSequential));
        check("-c", Some(CreateMode::Container));
        check("-t 5", Some(CreateMode::Ttl));
        check("-t 1099511627775 -s", Some(CreateMode::TtlSequential));
        for wrong in ["-c -s", "-c -e", "-t 5 -e", "-t 5 -c", "-t 0", "-t -5", "-t x", "-t 1099511627776"] {
            check(wrong, None);
        }
    }
}
