//! Documentation as docs.rs builds it: all features, `--cfg docsrs` and unstable `doc_cfg`, with warnings as errors.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::step::{Step, succeeds};
use crate::workspace::{cargo, root};

/// docs.rs uses a nightly compiler. This allows its features to a stable rustdoc, and to rustdoc alone, so that no dependency is
/// compiled a second time.
const RUSTDOC: &str = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";

pub(crate) fn step() -> Step {
    Step::check("documentation, as docs.rs builds it", || {
        let mut command = cargo(&["doc", "--workspace", "--all-features", "--no-deps"]);
        command
            .env("RUSTDOC", rustdoc()?)
            .env("RUSTDOCFLAGS", "--cfg docsrs -Zcrate-attr=feature(doc_cfg) -D warnings");
        succeeds(&mut command)
    })
}

fn rustdoc() -> io::Result<PathBuf> {
    let folder = root().join("target/docs-rs");
    fs::create_dir_all(&folder)?;
    let script = folder.join("rustdoc");
    fs::write(&script, RUSTDOC)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(script)
}
