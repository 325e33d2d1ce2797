//! Takes over the files of processes that ended.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directory::Directory;
use super::record::{ACK, FILE_HEADER, decode_acks};
use super::segment::{DELIVERED, SEGMENT, Segment};
use super::segment_reader::{Found, Kind, SegmentReader, kind_of};
use super::storage::Storage;

/// The contents of the sub-directories that no process holds.
#[derive(Debug, Default)]
pub(super) struct Inheritance {
    /// The segments, oldest first. They keep their directories locked.
    pub(super) segments: Vec<Segment>,
    /// Directories with files that this version cannot read.
    pub(super) left_alone: Vec<PathBuf>,
    pub(super) newer_files: u64,
    /// The first failure to read a directory.
    pub(super) error: Option<io::Error>,
}

/// Takes over the sub-directories of `parent` that no process holds and that are not in `left_alone`.
pub(super) fn inherit(
    storage: &Arc<dyn Storage>,
    parent: &Path,
    left_alone: &HashSet<PathBuf>,
) -> Inheritance {
    let mut inheritance = Inheritance::default();
    for directory in Directory::take_over(storage, parent, left_alone) {
        let directory = Arc::new(directory);
        let mut is_read = true;
        let files = segment_files(directory.path()).unwrap_or_else(|error| {
            inheritance.error.get_or_insert(error);
            Vec::new()
        });
        for path in files {
            match kind_of(&path) {
                Ok(Kind::Newer) => {
                    inheritance.newer_files += 1;
                    is_read = false;
                }
                Ok(Kind::Empty) => {
                    let _ = storage.remove(&path);
                }
                Ok(Kind::Segment) => match measure(storage, path, &directory) {
                    Ok(segment) => inheritance.segments.push(segment),
                    Err(error) => {
                        inheritance.error.get_or_insert(error);
                        is_read = false;
                    }
                },
                Err(error) => {
                    inheritance.error.get_or_insert(error);
                    is_read = false;
                }
            }
        }
        if !is_read {
            inheritance.left_alone.push(directory.path().to_owned());
        }
    }
    inheritance
}

/// Returns the segments in a directory, oldest first.
fn segment_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == SEGMENT) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Counts what is left to deliver in a segment.
fn measure(storage: &Arc<dyn Storage>, path: PathBuf, directory: &Arc<Directory>) -> io::Result<Segment> {
    let len = fs::metadata(&path)?.len();
    let mut segment = Segment::new(0, path, Arc::clone(directory));
    segment.len = len;
    repair_acks(storage, &segment)?;
    let delivered = delivered(&segment.path);
    let mut reader = SegmentReader::open(&segment.path, FILE_HEADER as u64, 64 * 1024)?;
    while let Some(found) = reader.next(len)? {
        if let Found::Record { offset, header } = found
            && !delivered.contains(&offset)
        {
            segment.records += 1;
            segment.spans += u64::from(header.spans);
            segment.written_at_ms = segment.written_at_ms.max(header.written_at_ms);
        }
    }
    Ok(segment)
}

/// Cuts off a torn entry, behind which no further entry could be read.
fn repair_acks(storage: &Arc<dyn Storage>, segment: &Segment) -> io::Result<()> {
    let path = segment.acks_path();
    let Ok(metadata) = fs::metadata(&path) else { return Ok(()) };
    let torn = metadata.len() % ACK as u64;
    if torn != 0 {
        storage.append_to(&path)?.truncate(metadata.len() - torn)?;
    }
    Ok(())
}

/// Returns the offsets of the records in a segment that were delivered.
pub(super) fn delivered(segment: &Path) -> HashSet<u64> {
    let bytes = fs::read(segment.with_extension(DELIVERED)).unwrap_or_default();
    decode_acks(&bytes).collect()
}
