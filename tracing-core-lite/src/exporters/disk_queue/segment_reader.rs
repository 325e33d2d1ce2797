//! Reads the records of a segment, and skips what is damaged.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use flate2::read::DeflateDecoder;

use super::record::{self, Encoding, FILE_HEADER, MARK, MAX_BODY, RECORD_HEADER, RecordHeader};

/// The number of bytes that are searched at once for the next record after a damaged one.
const WINDOW: usize = 64 * 1024;

/// The item at the position of a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Record {
        offset: u64,
        header: RecordHeader,
    },
    /// Bytes that are not a record.
    Damage {
        /// The number of spans, if it is known.
        spans: Option<u32>,
    },
}

#[derive(Debug)]
pub(super) struct SegmentReader {
    file: BufReader<File>,
    position: u64,
}

impl SegmentReader {
    /// Opens a segment at `position`, which is 0 or was [returned](Self::position) by a reader. A segment that is still
    /// written must be read without a buffer, which may hold bytes of a record that was taken back.
    pub(super) fn open(path: &Path, position: u64, buffer: usize) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(buffer, File::open(path)?);
        let position = position.max(FILE_HEADER as u64);
        file.seek(SeekFrom::Start(position))?;
        Ok(Self { file, position })
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Skips everything before `position`.
    pub(super) fn skip_to(&mut self, position: u64) {
        self.position = self.position.max(position);
    }

    /// Finds the next record before `end`, and moves behind it.
    pub(super) fn next(&mut self, end: u64) -> io::Result<Option<Found>> {
        let offset = self.position;
        if offset >= end {
            return Ok(None);
        }
        let mut bytes = [0; RECORD_HEADER];
        if end - offset >= RECORD_HEADER as u64 {
            self.read_at(offset, &mut bytes)?;
        }
        let Some(header) = RecordHeader::decode(&bytes) else {
            self.position = self.find_record(offset + 1, end)?;
            return Ok(Some(Found::Damage { spans: None }));
        };
        if end - offset < header.record_len() {
            self.position = end;
            return Ok(Some(Found::Damage { spans: Some(header.spans) }));
        }
        self.position = offset + header.record_len();
        Ok(Some(Found::Record { offset, header }))
    }

    /// Returns the uncompressed body of a record, or `None` if it is damaged.
    pub(super) fn body(&mut self, offset: u64, header: &RecordHeader) -> io::Result<Option<Bytes>> {
        let mut stored = vec![0; header.body_len as usize];
        self.read_at(offset + RECORD_HEADER as u64, &mut stored)?;
        if crc32fast::hash(&stored) != header.body_crc {
            return Ok(None);
        }
        Ok(match header.encoding {
            Encoding::Plain => Some(stored.into()),
            Encoding::Deflate => inflate(&stored).map(Bytes::from),
        })
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let now = self.file.stream_position()?;
        self.file.seek_relative(offset.wrapping_sub(now).cast_signed())?;
        self.file.read_exact(bytes)
    }

    /// Returns the offset of the first record header from `from` on, or `end`.
    fn find_record(&mut self, mut from: u64, end: u64) -> io::Result<u64> {
        let mut window = Vec::new();
        while end.saturating_sub(from) >= RECORD_HEADER as u64 {
            let len = (end - from).min(WINDOW as u64);
            window.resize(usize::try_from(len).unwrap_or(WINDOW), 0);
            self.read_at(from, &mut window)?;
            let found = window.windows(RECORD_HEADER).position(is_header);
            if let Some(found) = found {
                return Ok(from + found as u64);
            }
            // A header may begin in the last bytes of the window.
            from += (window.len() - RECORD_HEADER + 1) as u64;
        }
        Ok(end)
    }
}

fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(&MARK) && bytes.try_into().is_ok_and(|bytes| RecordHeader::decode(bytes).is_some())
}

fn inflate(stored: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let limit = MAX_BODY as u64 + 1;
    DeflateDecoder::new(stored).take(limit).read_to_end(&mut body).ok()?;
    (body.len() <= MAX_BODY).then_some(body)
}

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A segment, or one whose first bytes are damaged.
    Segment,
    /// A segment of a newer version of the format.
    Newer,
    /// Too short for a record.
    Empty,
}

pub(super) fn kind_of(path: &Path) -> io::Result<Kind> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() <= FILE_HEADER as u64 {
        return Ok(Kind::Empty);
    }
    let mut header = [0; FILE_HEADER];
    file.read_exact(&mut header)?;
    Ok(match record::file_version(&header) {
        Some(version) if version > record::VERSION => Kind::Newer,
        _ => Kind::Segment,
    })
}
