//! What is done with znodes, and the preparation that it needs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{
    DRAIN_LIMIT, Effort, JAVA_WARM_UP, Measurement, PREPARATION_DEPTH, PREPARATION_LIMIT, Run, restart,
};
use crate::network::Network;
use crate::rows::ZnodeWork;
use crate::server::{Kind, Programs, Server};
use crate::workload::{Operation, ZNODES_MAX, Znodes, sessions};

/// The znodes that requests at random go to, where their number is not the point.
const ZNODES: usize = 100_000;
/// The creates that a load has at most, so that no server fills the machine.
const CREATES_MAX: usize = 5_000_000;
const _: () = assert!(CREATES_MAX <= ZNODES_MAX);
/// The connections that prepare.
const CREW: usize = 64;
/// How many znodes are made and removed at a time to warm up.
const WARM_UP_ZNODES: usize = 20_000;

pub(super) fn drive(
    work: ZnodeWork,
    connections: usize,
    programs: &Programs,
    server: &mut Server,
    effort: Effort,
) -> Result<Measurement> {
    let empty = server.resident_bytes()?;
    let mut crew = Crew::new(server, effort)?;
    match work {
        ZnodeWork::Get { depth } => load_any(crew, server, connections, Operation::Get, depth),
        ZnodeWork::Set { depth } => load_any(crew, server, connections, Operation::Set, depth),
        ZnodeWork::Create { depth } => {
            crew.warm_up_by_creating()?;
            crew.leave()?;
            load(server, connections, effort, Znodes::each(Operation::Create, CREATES_MAX, depth))
        }
        ZnodeWork::Fill { znodes } => {
            crew.warm_up_by_creating()?;
            let znodes = effort.scale(znodes);
            let mut workload = Znodes::each(Operation::Create, znodes, PREPARATION_DEPTH);
            Run { network: &mut crew.network, server, effort }.fill(&mut workload, znodes, empty)
        }
        ZnodeWork::Saved { znodes } => {
            let znodes = effort.scale(znodes);
            crew.create(znodes)?;
            crew.warm_up(Operation::Get, znodes)?;
            Run { network: &mut crew.network, server, effort }.load_while_saving(&mut Znodes::grow(znodes))
        }
        ZnodeWork::Visit { znodes } => {
            let znodes = effort.scale(znodes);
            crew.create(znodes)?;
            crew.leave()?;
            load(server, connections, effort, Znodes::visit(znodes))
        }
        ZnodeWork::Restart { znodes } => {
            let znodes = effort.scale(znodes);
            crew.create(znodes)?;
            crew.leave()?;
            let measurement = restart(server, programs, znodes)?;
            Crew::again(server, effort)?.check(znodes)?;
            Ok(measurement)
        }
    }
}

/// Asks for any of some znodes, or sets it.
fn load_any(
    mut crew: Crew,
    server: &Server,
    connections: usize,
    operation: Operation,
    depth: usize,
) -> Result<Measurement> {
    let effort = crew.effort;
    let znodes = effort.scale(ZNODES);
    crew.create(znodes)?;
    crew.warm_up(operation, znodes)?;
    crew.leave()?;
    load(server, connections, effort, Znodes::any(operation, znodes, depth))
}

/// Puts a load on a server that is prepared.
fn load(server: &Server, connections: usize, effort: Effort, mut workload: Znodes) -> Result<Measurement> {
    let mut network = sessions(server, connections)?;
    Run { network: &mut network, server, effort }.load(&mut workload)
}

/// Opens connections with a session each.
fn sessions(server: &Server, count: usize) -> Result<Network> {
    let mut network = Network::connect(server.address, count)?;
    network
        .complete(&mut sessions::Begin::default(), PREPARATION_LIMIT)
        .context("while beginning sessions")?;
    Ok(network)
}

/// Those who prepare.
struct Crew {
    network: Network,
    kind: Kind,
    effort: Effort,
}

impl Crew {
    /// At a server that is empty but for the parent of all znodes.
    fn new(server: &Server, effort: Effort) -> Result<Crew> {
        let mut crew = Crew::again(server, effort)?;
        crew.complete(&mut Znodes::each(Operation::CreateParent, 1, 1))?;
        Ok(crew)
    }

    /// At a server that has znodes already.
    fn again(server: &Server, effort: Effort) -> Result<Crew> {
        Ok(Crew { network: sessions(server, CREW)?, kind: server.kind(), effort })
    }

    fn complete(&mut self, workload: &mut Znodes) -> Result<()> {
        self.network.complete(workload, PREPARATION_LIMIT).context("while preparing")
    }

    fn create(&mut self, count: usize) -> Result<()> {
        self.complete(&mut Znodes::each(Operation::Create, count, PREPARATION_DEPTH))
    }

    /// All znodes are there, each with its data.
    fn check(&mut self, count: usize) -> Result<()> {
        self.complete(&mut Znodes::each(Operation::Get, count, PREPARATION_DEPTH))
    }

    /// Loads a server that gets faster by it.
    fn warm_up(&mut self, operation: Operation, znodes: usize) -> Result<()> {
        let Some(duration) = self.warm_up_time() else { return Ok(()) };
        let mut workload = Znodes::any(operation, znodes, PREPARATION_DEPTH);
        self.network.begin(&mut workload)?;
        self.network.run(&mut workload, Instant::now() + duration)?;
        workload.stop();
        let finished = self.network.run(&mut workload, Instant::now() + DRAIN_LIMIT)?;
        ensure!(finished, "the warm-up did not come to rest");
        Ok(())
    }

    /// The same by making znodes, of which none is left over.
    fn warm_up_by_creating(&mut self) -> Result<()> {
        let Some(duration) = self.warm_up_time() else { return Ok(()) };
        let until = Instant::now() + duration;
        while Instant::now() < until {
            for operation in [Operation::Create, Operation::Delete] {
                self.complete(&mut Znodes::each(operation, WARM_UP_ZNODES, PREPARATION_DEPTH))?;
            }
        }
        Ok(())
    }

    /// Only Java needs it.
    fn warm_up_time(&self) -> Option<Duration> {
        (self.kind == Kind::Zookeeper).then(|| JAVA_WARM_UP / self.effort.divisor)
    }

    /// Ends the sessions, so that they don't expire at some other time.
    fn leave(mut self) -> Result<()> {
        self.network.begin(&mut sessions::End)
    }
}
