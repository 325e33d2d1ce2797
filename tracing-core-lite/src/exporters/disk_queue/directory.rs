//! Sub-directories, each of which one process holds by a lock.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::lock::{self, Lock};
use super::storage::Storage;

/// The file that is locked.
const LOCK: &str = "lock";

/// A sub-directory that this process holds until the value is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    lock: Option<Lock>,
    storage: Arc<dyn Storage>,
}

impl Directory {
    /// Creates a sub-directory of `parent` for this process.
    ///
    /// Its name is unique, so it is used even if the file system has no locks.
    pub(super) fn create(storage: &Arc<dyn Storage>, parent: &Path) -> io::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        storage.create_dir(parent)?;
        loop {
            // The names sort by age.
            let name = format!("{:012x}-{}-{:08x}", now.as_millis(), std::process::id(), fastrand::u32(..));
            let path = parent.join(name);
            storage.create_dir(&path)?;
            let lock = match lock::try_lock(&path.join(LOCK)) {
                // Another process saw the new directory first, and takes it over.
                Ok(None) => continue,
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
                Err(error) => {
                    let _ = storage.remove_dir(&path);
                    return Err(error);
                }
            };
            storage.sync_dir(parent)?;
            return Ok(Self { path, lock, storage: Arc::clone(storage) });
        }
    }

    /// Takes over the sub-directories of `parent` that no process holds, oldest first.
    pub(super) fn take_over(
        storage: &Arc<dyn Storage>,
        parent: &Path,
        except: &HashSet<PathBuf>,
    ) -> Vec<Self> {
        let mut paths: Vec<PathBuf> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_ours(path) && !except.contains(path))
            .collect();
        paths.sort();
        let held = paths.into_iter().filter_map(|path| {
            let lock = lock::try_lock(&path.join(LOCK)).ok()??;
            Some(Self { path, lock: Some(lock), storage: Arc::clone(storage) })
        });
        held.collect()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory if it has no other files than the lock.
    pub(super) fn remove_if_empty(&self) {
        let is_empty = fs::read_dir(&self.path)
            .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK)));
        if is_empty && self.storage.remove(&self.path.join(LOCK)).is_ok() {
            let _ = self.storage.remove_dir(&self.path);
        }
    }
}

/// Returns whether a sub-directory has a name that [`Directory::create`] gives.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let age = name.split('-').next().unwrap_or_default();
    path.is_dir() && age.len() == 12 && age.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.lock.as_ref().is_none_or(Lock::is_of_this_process) {
            self.remove_if_empty();
        }
    }
}
