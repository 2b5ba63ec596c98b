//! `trellis tube list`: every tube and what is in it.

use trellis_tube_client::blocking::Client;

use super::survey::{paused, tubes};
use crate::exit::Failure;
use crate::output::Output;
use crate::table::Table;

const HEADINGS: &[&str] =
    &["tube", "ready", "reserved", "delayed", "buried", "urgent", "waiting", "watching", "using", "paused"];

/// Prints the table.
pub(super) fn run(client: &mut Client, output: &mut Output) -> Result<(), Failure> {
    let tubes = tubes(client)?;
    if output.json() {
        return output.value(&tubes);
    }
    let mut table = Table::new(HEADINGS);
    for tube in &tubes {
        let counts = [tube.ready, tube.reserved, tube.delayed, tube.buried, tube.urgent];
        let clients = [tube.waiting, tube.watching, tube.using];
        let mut cells = vec![tube.tube.clone()];
        cells.extend(counts.iter().chain(&clients).map(u64::to_string));
        cells.push(paused(tube));
        table.row(cells);
    }
    output.table(&table.lines(output.columns()))
}
