//! Files that are looked at once a second, however often one asks.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::files::Files;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Files that are looked at once a second.
#[derive(Debug)]
pub(super) struct Watched {
    files: Files,
    looked: Instant,
}

impl Watched {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { files: Files::new(paths), looked: Instant::now() }
    }

    /// Returns whether a file has changed since the last look.
    pub(super) fn have_changed(&mut self) -> bool {
        if self.looked.elapsed() < LOOK_EVERY {
            return false;
        }
        self.looked = Instant::now();
        self.files.have_changed()
    }
}
