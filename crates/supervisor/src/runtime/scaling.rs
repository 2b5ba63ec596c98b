//! Lets the number of a program's processes follow its tube. How deep that is, [`super::tube_servers`] asks, and how many
//! processes a depth needs is [`crate::scale`]'s business.

use std::collections::{BTreeSet, HashMap};

use trellis_tube_client::Address;

use super::tube_servers::Depths;
use super::{Supervisor, tubes};
use crate::config::{Config, Program};
use crate::scale::{Depth, Scale};

/// The programs whose number of processes follows a tube.
#[derive(Default)]
pub(super) struct Scaling {
    followers: HashMap<String, Follower>,
    servers: Vec<Address>,
}

/// A program that follows a tube.
struct Follower {
    tube: String,
    scale: Scale,
    /// What each server has said last. One that is silent is believed to have what it had, so that nothing is stopped
    /// while its jobs are out of sight.
    depths: Vec<Depth>,
}

impl Supervisor {
    /// Takes what the file says now.
    pub(super) fn apply_scaling(&mut self, config: &Config) {
        let servers = tubes::servers(config);
        let mut before = std::mem::take(&mut self.scaling.followers);
        for program in &config.programs {
            let Some(tube) = followed_tube(program) else { continue };
            let known = before.remove(&program.name);
            let depths = match &known {
                Some(known) if known.tube == tube && servers == self.scaling.servers => known.depths.clone(),
                _ => vec![Depth::default(); servers.len()],
            };
            // There are as many processes as before, until others have been enough for a while.
            let mut scale = known.map_or_else(|| Scale::new(program.processes), |known| known.scale);
            scale.change(program.processes);
            let follower = Follower { tube: tube.to_owned(), scale, depths };
            self.scaling.followers.insert(program.name.clone(), follower);
        }
        let tubes: BTreeSet<String> =
            self.scaling.followers.values().map(|follower| follower.tube.clone()).collect();
        let jobs_are_wanted = config.programs.iter().any(|program| tubes::jobs(program).is_some());
        let asked = if jobs_are_wanted { &servers[..] } else { &[] };
        self.tube_servers.ask(asked, tubes, &self.sender);
        self.scaling.servers = servers;
    }

    /// A server has said how deep its tubes are.
    pub(super) fn scale(&mut self, server: usize, depths: &Depths) {
        let now = self.now();
        for (name, follower) in &mut self.scaling.followers {
            let Some((_, depth)) = depths.iter().find(|(tube, _)| *tube == follower.tube) else { continue };
            // What an earlier list of servers had in this place has no room any more.
            let Some(known) = follower.depths.get_mut(server) else { continue };
            *known = *depth;
            let wanted = follower.scale.wanted(now, together(&follower.depths));
            self.fleet.set_count(name, wanted);
        }
    }
}

/// The tube that a program's number of processes follows. In mode `exec`, there are as many processes as jobs anyway.
fn followed_tube(program: &Program) -> Option<&str> {
    let jobs = tubes::jobs(program).filter(|_| tubes::is_stream(program))?;
    (program.processes.min < program.processes.max).then_some(&jobs.tube)
}

fn together(depths: &[Depth]) -> Depth {
    depths.iter().fold(Depth::default(), |sum, depth| Depth {
        ready: sum.ready.saturating_add(depth.ready),
        reserved: sum.reserved.saturating_add(depth.reserved),
    })
}
