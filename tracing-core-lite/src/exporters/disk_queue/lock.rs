//! A file that one process locks. The operating system releases the lock when the process ends, however it ends.

use std::fs::File;
use std::io;
use std::path::Path;

use super::storage::private_file;
use crate::fork;

/// A locked file.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
    generation: u64,
}

impl Lock {
    fn new(file: File) -> Self {
        Self { _file: file, generation: fork::generation() }
    }

    /// Returns false in a forked child of the process that locked the file.
    pub(super) fn is_of_this_process(&self) -> bool {
        fork::generation() == self.generation
    }
}

/// Locks a file, and creates it if it is missing. Returns `None` if another process holds it.
#[cfg(unix)]
pub(super) fn try_lock(path: &Path) -> io::Result<Option<Lock>> {
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    let file = private_file().create(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(Errno::NOTSUP | Errno::NOLCK | Errno::NOSYS) => return Err(io::ErrorKind::Unsupported.into()),
        Err(error) => return Err(error.into()),
    }
    // The previous holder of the lock may have removed the file in between.
    let locked = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) if there.ino() == locked.ino() && there.dev() == locked.dev() => Ok(Some(Lock::new(file))),
        _ => Ok(None),
    }
}

/// Locks a file, and creates it if it is missing. Returns `None` if another process holds it.
#[cfg(windows)]
pub(super) fn try_lock(path: &Path) -> io::Result<Option<Lock>> {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_SHARE_DELETE: u32 = 4;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    match private_file().create(true).share_mode(FILE_SHARE_DELETE).open(path) {
        Ok(file) => Ok(Some(Lock::new(file))),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

/// This platform has no locks.
#[cfg(not(any(unix, windows)))]
pub(super) fn try_lock(_: &Path) -> io::Result<Option<Lock>> {
    Err(io::ErrorKind::Unsupported.into())
}
