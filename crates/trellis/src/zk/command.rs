//! The commands that work alike on the command line and in the shell: their names, and which code runs them.

use clap::Subcommand;
use trellis_zk_client::Client;

use super::context::Context;
use super::{acl, config, create, delete, get, ls, quota, session, set, stat, tree, watches};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// zkCli's commands, those that need no shell.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List a node's children
    ///
    /// With -R, the node and all below it: first the children of a node, then what is below each of them.
    Ls(ls::LsArgs),

    /// Print a node's data
    ///
    /// A node that was created without data has none: `null` is printed.
    Get(get::GetArgs),

    /// Print a node's record: versions, times, lengths, owner
    Stat(stat::StatArgs),

    /// Create a node
    ///
    /// With -e on the command line, the node goes when the session of this command has timed out.
    Create(create::CreateArgs),

    /// Replace a node's data
    Set(set::SetArgs),

    /// Delete a node that has no children
    Delete(delete::DeleteArgs),

    /// Delete a node and all below it
    Deleteall(delete::DeleteAllArgs),

    /// Print who may do what with a node
    #[command(name = "getAcl")]
    GetAcl(acl::GetAclArgs),

    /// Decide who may do what with a node
    #[command(name = "setAcl")]
    SetAcl(acl::SetAclArgs),

    /// Count the nodes below a node
    #[command(name = "getAllChildrenNumber")]
    GetAllChildrenNumber(ls::CountArgs),

    /// List the ephemeral nodes of this session
    #[command(name = "getEphemerals")]
    GetEphemerals(session::EphemeralsArgs),

    /// Wait until the server knows everything that any server had acknowledged before
    Sync(session::SyncArgs),

    /// Limit the number of nodes, or their bytes, in a subtree
    Setquota(quota::SetQuotaArgs),

    /// Print the limits of a subtree, and what is used of them
    Listquota(quota::ListQuotaArgs),

    /// Take limits of a subtree away
    Delquota(quota::DelQuotaArgs),

    /// Print the members of the service
    Config(config::ConfigArgs),

    /// Change the members of the service
    Reconfig(config::ReconfigArgs),

    /// Show an identity to the server
    ///
    /// It holds for the session, so on the command line it only tells whether the server knows the scheme; there,
    /// use --auth with another command.
    Addauth(session::AddAuthArgs),

    /// Print who the server takes this session for
    Whoami,

    /// Set a watch that stays until it is removed
    #[command(name = "addWatch")]
    AddWatch(watches::AddWatchArgs),

    /// Remove the watches of a node
    Removewatches(watches::RemoveWatchesArgs),

    /// Print which program this is
    Version,

    /// Draw a subtree, with numbers of children and bytes
    ///
    /// It is no picture of one moment: what comes or goes meanwhile may be shown or not.
    Tree(tree::TreeArgs),

    /// Follow the changes of a subtree
    ///
    /// One line a change: created, changed (the data) or deleted, and the path. Ctrl-C ends it. If the server
    /// restarts, this goes on with it; changes meanwhile are not shown.
    Watch(super::follow::WatchArgs),
}

/// Runs a command in a session.
pub(super) fn run(command: &Command, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls::run(args, context, output),
        Command::Get(args) => get::run(args, context, output),
        Command::Stat(args) => stat::run(args, context, output),
        Command::Create(args) => create::run(args, context, output),
        Command::Set(args) => set::run(args, context, output),
        Command::Delete(args) => delete::one(args, context),
        Command::Deleteall(args) => delete::all(args, context, output),
        Command::GetAcl(args) => acl::get(args, context, output),
        Command::SetAcl(args) => acl::set(args, context, output),
        Command::GetAllChildrenNumber(args) => ls::count(args, context, output),
        Command::GetEphemerals(args) => session::ephemerals(args, context, output),
        Command::Sync(args) => session::sync(args, context, output),
        Command::Setquota(args) => quota::set(args, context, output),
        Command::Listquota(args) => quota::list(args, context, output),
        Command::Delquota(args) => quota::delete(args, context),
        Command::Config(args) => config::show(args, context, output),
        Command::Reconfig(args) => config::change(args, context, output),
        Command::Addauth(args) => session::add_auth(args, context),
        Command::Whoami => session::who_am_i(context, output),
        Command::AddWatch(args) => watches::add(args, context),
        Command::Removewatches(args) => watches::remove(args, context),
        Command::Version => session::version(output),
        Command::Tree(args) => tree::run(args, context, output),
        Command::Watch(args) => {
            let settings = context.nodes.settings()?;
            super::follow::run(args, &settings, context.nodes.interrupt(), output)
        }
    }
}

/// Ends the session after a command of the command line. That of an ephemeral node is left to time out, since the node
/// would go with it before anybody could see it; so does zkCli. A server that did not answer is not asked again.
pub(super) fn end(command: &Command, outcome: &Result<(), Failure>, client: &Client, interrupt: &Interrupt) {
    let ephemeral = matches!(command, Command::Create(args) if args.ephemeral());
    match outcome {
        Ok(()) if ephemeral => {}
        Err(failure) if failure.exit == Exit::Unreachable => {}
        _ => session::close(client, interrupt),
    }
}
