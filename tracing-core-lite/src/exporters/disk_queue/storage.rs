//! The file operations of the queue, as a trait, so that tests can record them and let them fail.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// A file that is only appended to.
pub(super) trait WriteFile: Debug + Send + Sync {
    /// Appends `bytes`. After an error, some of them may be in the file.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Returns when what was appended survives a power failure.
    fn sync(&self) -> io::Result<()>;
}

/// Everything that the queue changes in the file system. It reads with `std::fs`.
pub(super) trait Storage: Debug + Send + Sync {
    /// Creates a directory and its parents, for their owner only. An existing one is left as it is.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Creates a file for its owner only. Fails if it exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>>;

    /// Opens a file for appending, and creates it if it is missing.
    fn append_to(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names of files in a directory survive a power failure.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// The file system.
#[derive(Debug)]
pub(super) struct FileSystem;

/// Returns options that create files for their owner only.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true);
    options
}

impl Storage for FileSystem {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        Ok(Arc::new(private_file().create_new(true).open(path)?))
    }

    fn append_to(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        Ok(Arc::new(private_file().create(true).open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    #[cfg(unix)]
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    // Windows has no such operation: NTFS journals the names of files.
    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for File {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.write_all(bytes)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
