//! Reads the records to deliver, in order.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::inherit::delivered;
use super::log::Unread;
use super::record::RecordHeader;
use super::segment_reader::{Found, SegmentReader};

/// The item at the position of the reader.
#[derive(Debug)]
pub(super) enum Read {
    Record {
        offset: u64,
        header: RecordHeader,
    },
    /// A record that an earlier process delivered.
    Delivered,
    Damage {
        spans: Option<u32>,
    },
    /// The file does not exist any more.
    Gone,
    /// The file cannot be opened now.
    Later(io::Error),
}

/// Keeps the segment open that it reads.
#[derive(Debug, Default)]
pub(super) struct Reader {
    current: Option<Open>,
}

#[derive(Debug)]
struct Open {
    segment: u64,
    reader: SegmentReader,
    delivered: HashSet<u64>,
}

impl Reader {
    /// Reads the next record of a segment.
    pub(super) fn next(&mut self, unread: &Unread) -> Read {
        match &self.current {
            Some(open) if open.segment == unread.segment && open.reader.position() >= unread.from => {}
            _ => match SegmentReader::open(&unread.path, unread.from, 0) {
                Ok(reader) => {
                    // This process reads each record of its own segments once.
                    let delivered =
                        if unread.is_inherited { delivered(&unread.path) } else { HashSet::new() };
                    self.current = Some(Open { segment: unread.segment, reader, delivered });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Read::Gone,
                Err(error) => return Read::Later(error),
            },
        }
        let Some(open) = &mut self.current else { return Read::Gone };
        match open.reader.next(unread.to) {
            Ok(Some(Found::Record { offset, .. })) if open.delivered.contains(&offset) => Read::Delivered,
            Ok(Some(Found::Record { offset, header })) => Read::Record { offset, header },
            Ok(Some(Found::Damage { spans })) => Read::Damage { spans },
            Ok(None) => Read::Delivered,
            Err(_) => {
                // The disk cannot read this part.
                open.reader.skip_to(unread.to);
                Read::Damage { spans: None }
            }
        }
    }

    /// Returns the position in the current segment.
    pub(super) fn position(&self) -> u64 {
        self.current.as_ref().map_or(0, |open| open.reader.position())
    }

    /// Returns the body of a record, or `None` if it is damaged.
    pub(super) fn body(
        &mut self,
        path: &Path,
        segment: u64,
        offset: u64,
        header: &RecordHeader,
    ) -> io::Result<Option<Bytes>> {
        match &mut self.current {
            Some(open) if open.segment == segment => open.reader.body(offset, header),
            _ => SegmentReader::open(path, 0, 0)?.body(offset, header),
        }
    }
}
