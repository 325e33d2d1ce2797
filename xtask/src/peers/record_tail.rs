//! `cargo xtask peers record-tail`: records how the Collector's `tail_sampling` decides about the traces of a test.

use std::io;

use super::{COLLECTOR, collector};
use crate::step::{Step, run_all};
use crate::undo::undo_on_signals;
use crate::workspace::{cargo, root};

/// The recording, which the test `collector_decisions` reads.
const FILE: &str = "tracing-sampling/tests/collector-decisions.txt";

/// Builds the Collector where needed, and records its decisions.
pub(super) fn run() -> io::Result<bool> {
    undo_on_signals()?;
    let program = (COLLECTOR.build)()?;
    let mut command =
        cargo(&["run", "--package", "tracing-sampling", "--all-features", "--example", "record_tail", "--"]);
    command.arg(program).arg(collector::VERSION).arg(root().join(FILE));
    Ok(run_all(vec![Step::new("peers: decisions of the Collector's tail_sampling", command)]))
}
