//! Jaeger's program is a Collector when it gets a Collector's configuration, as in the image that the compose test builds.

use std::path::Path;
use std::process::Command;

use peer_tests::path_from;

#[test]
fn it_accepts_the_example() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/collector.yaml");
    let mut command = Command::new(path_from("TEST_JAEGER"));
    let output = command.arg("validate").arg("--config").arg(file).output().expect("Jaeger can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
