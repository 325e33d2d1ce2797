//! `cargo xtask test --peers`: the tests against the real systems.

use std::io;

use super::{Built, COLLECTOR, JAEGER};
use crate::step::{Step, run_all};
use crate::undo::undo_on_signals;
use crate::workspace::cargo;

/// The start of the last line of CI where nothing has been built.
const NOT_RUN: &str = "peers: not run";

/// Runs the tests. What they need is built first or, with `only_built`, left out when it is not in the cache.
pub(crate) fn run(only_built: bool) -> io::Result<bool> {
    undo_on_signals()?;
    let mut steps = Vec::new();
    for (built, test) in [(JAEGER, "jaeger"), (COLLECTOR, "collector")] {
        steps.push(step(&built, test, only_built)?);
    }
    Ok(run_all(steps))
}

/// The step that runs the file `test` of the tests against `peer`.
fn step(peer: &Built, test: &str, only_built: bool) -> io::Result<Step> {
    if peer.find().is_none() && only_built {
        let reason = format!("{} is not built; `cargo xtask peers` builds it", peer.title);
        return Ok(Step::not_run(NOT_RUN, reason));
    }
    let program = (peer.build)()?;
    let mut command = cargo(&["test", "--package", "peer-tests", "--test", test]);
    command.env(peer.variable, program);
    Ok(Step::new(format!("peers: {}", peer.title), command))
}
