//! Notices when files change.

use std::path::PathBuf;
use std::time::SystemTime;

/// Files, and when they were last changed.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    paths: Vec<PathBuf>,
    changed: Vec<Option<SystemTime>>,
}

impl Files {
    pub(crate) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let paths: Vec<PathBuf> = paths.into_iter().collect();
        let changed = times(&paths);
        Self { paths, changed }
    }

    /// Returns whether a file has changed since the last call.
    pub(crate) fn have_changed(&mut self) -> bool {
        let now = times(&self.paths);
        let have_changed = now != self.changed;
        self.changed = now;
        have_changed
    }
}

fn times(paths: &[PathBuf]) -> Vec<Option<SystemTime>> {
    paths.iter().map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok()).collect()
}
