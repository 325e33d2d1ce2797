//! The results from which `docs/interoperability.md` is written.

use std::fs::File;
use std::io::Write;

use serde_json::Value;

/// Adds `row` to the file that `PEER_RESULTS` names, as one line of JSON. Does nothing if it is not set.
///
/// # Panics
/// Panics if the file cannot be written.
pub fn report(row: &Value) {
    let Some(results) = std::env::var_os("PEER_RESULTS") else { return };
    let file = File::options().append(true).create(true).open(results);
    // One write, so that tests in parallel do not mix their lines.
    file.and_then(|mut file| file.write_all(format!("{row}\n").as_bytes()))
        .expect("the results are writable");
}
