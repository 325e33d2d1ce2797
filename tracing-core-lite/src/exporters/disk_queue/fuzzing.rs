//! What the fuzz targets need of the files' format.

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::record::{self, Encoding, RecordHeader, decode_acks};
use super::segment_reader::{Found, Kind, SegmentReader, kind_of};

/// Returns the first bytes of a segment.
pub fn file_header() -> Vec<u8> {
    record::file_header().to_vec()
}

/// Returns a record.
pub fn record(body: &[u8], spans: u32, sequence: u64, deflate: bool) -> Vec<u8> {
    let (stored, encoding) = if deflate {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(body).and_then(|()| encoder.finish());
        (written.unwrap_or_default(), Encoding::Deflate)
    } else {
        (body.to_vec(), Encoding::Plain)
    };
    let header = RecordHeader {
        body_len: u32::try_from(stored.len()).unwrap_or(u32::MAX),
        spans,
        encoding,
        written_at_ms: sequence,
        sequence,
        body_crc: crc32fast::hash(&stored),
    };
    [&header.encode()[..], &stored].concat()
}

/// Returns the bodies of the undamaged records of a segment. Each read moves forward.
pub fn read_segment(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    if kind_of(path)? != Kind::Segment {
        return Ok(Vec::new());
    }
    let end = std::fs::metadata(path)?.len();
    let mut reader = SegmentReader::open(path, 0, 64 * 1024)?;
    let mut bodies = Vec::new();
    loop {
        let before = reader.position();
        let Some(found) = reader.next(end)? else { return Ok(bodies) };
        assert!(reader.position() > before, "it moves forward");
        assert!(reader.position() <= end, "it stays within the file");
        if let Found::Record { offset, header } = found {
            bodies.extend(reader.body(offset, &header)?.map(|body| body.to_vec()));
        }
    }
}

/// Returns the offsets of delivered records.
pub fn acks(bytes: &[u8]) -> Vec<u64> {
    decode_acks(bytes).collect()
}
