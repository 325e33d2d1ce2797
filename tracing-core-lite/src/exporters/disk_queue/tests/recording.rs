//! A file system that records all changes, and rebuilds what a power failure would leave.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::exporters::disk_queue::storage::{FileSystem, Storage, WriteFile};

/// A change, or what the test notes between changes.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Create(PathBuf),
    Append(PathBuf, Vec<u8>),
    Truncate(PathBuf, u64),
    /// The first bytes of the file are durable.
    Sync(PathBuf, usize),
    SyncDir(PathBuf),
    Remove(PathBuf),
    /// The export of a batch returned.
    Exported(u32),
    /// The receiver has a batch.
    Delivered(u32),
}

pub(super) type Changes = Arc<Mutex<Vec<(Instant, Change)>>>;

#[derive(Debug, Clone, Default)]
pub(super) struct Recording {
    pub(super) changes: Changes,
}

impl Recording {
    pub(super) fn note(&self, change: Change) {
        self.changes.lock().unwrap().push((Instant::now(), change));
    }
}

#[derive(Debug)]
struct RecordedFile {
    path: PathBuf,
    file: Arc<dyn WriteFile>,
    len: Mutex<usize>,
    recording: Recording,
}

impl Recording {
    fn file(&self, path: &Path, file: Arc<dyn WriteFile>) -> Arc<dyn WriteFile> {
        let len = Mutex::new(usize::try_from(fs::metadata(path).unwrap().len()).unwrap());
        Arc::new(RecordedFile { path: path.to_owned(), file, len, recording: self.clone() })
    }
}

impl Storage for Recording {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        FileSystem.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        let file = FileSystem.create(path)?;
        self.note(Change::Create(path.to_owned()));
        Ok(self.file(path, file))
    }

    fn append_to(&self, path: &Path) -> io::Result<Arc<dyn WriteFile>> {
        let is_new = !path.exists();
        let file = FileSystem.append_to(path)?;
        if is_new {
            self.note(Change::Create(path.to_owned()));
        }
        Ok(self.file(path, file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)?;
        self.note(Change::Remove(path.to_owned()));
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note(Change::SyncDir(path.to_owned()));
        Ok(())
    }
}

impl WriteFile for RecordedFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut len = self.len.lock().unwrap();
        self.file.append(bytes)?;
        *len += bytes.len();
        self.recording.note(Change::Append(self.path.clone(), bytes.to_vec()));
        Ok(())
    }

    fn truncate(&self, to: u64) -> io::Result<()> {
        self.file.truncate(to)?;
        *self.len.lock().unwrap() = usize::try_from(to).unwrap();
        self.recording.note(Change::Truncate(self.path.clone(), to));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let len = *self.len.lock().unwrap();
        self.recording.note(Change::Sync(self.path.clone(), len));
        Ok(())
    }
}

/// What is known about a file.
#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: usize,
    is_name_durable: bool,
    is_removed: bool,
}

/// Writes to `to` what a power failure after `changes` may leave of the directory `from`: what was synced, any part of
/// what was not, and the last write torn.
pub(super) fn rebuild(changes: &[(Instant, Change)], from: &Path, to: &Path, random: &mut fastrand::Rng) {
    let mut files: BTreeMap<&Path, Content> = BTreeMap::new();
    for (_, change) in changes {
        match change {
            Change::Create(path) => {
                files.insert(path, Content::default());
            }
            Change::Append(path, bytes) => files.get_mut(path.as_path()).unwrap().bytes.extend(bytes),
            Change::Truncate(path, len) => {
                files.get_mut(path.as_path()).unwrap().bytes.truncate(usize::try_from(*len).unwrap());
            }
            Change::Sync(path, len) => {
                if let Some(file) = files.get_mut(path.as_path()) {
                    file.durable = file.durable.max(*len);
                }
            }
            Change::SyncDir(directory) => {
                let there = files.iter_mut().filter(|(path, _)| path.parent() == Some(directory));
                there.for_each(|(_, file)| file.is_name_durable = true);
            }
            Change::Remove(path) => {
                if let Some(file) = files.get_mut(path.as_path()) {
                    file.is_removed = true;
                }
            }
            Change::Exported(_) | Change::Delivered(_) => {}
        }
    }
    for (path, mut file) in files {
        let is_lost = !file.is_name_durable && random.bool();
        if is_lost || (file.is_removed && random.bool()) {
            continue;
        }
        let kept = random.usize(file.durable.min(file.bytes.len())..=file.bytes.len());
        let zeros = if random.bool() { file.bytes.len() - kept } else { 0 };
        file.bytes.truncate(kept);
        file.bytes.resize(kept + zeros, 0);
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.bytes).unwrap();
    }
}
