//! The format of the files: a header for each file, and one for each record.
//!
//! A segment begins with [`MAGIC`], the version as a little-endian `u16`, and six zero bytes. Records follow. A record is
//! a header of 40 bytes and a body: one `ExportTraceServiceRequest`, possibly compressed. All numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 3 | [`MARK`] |
//! | 4 to 7 | length of the body in bytes |
//! | 8 to 11 | number of spans |
//! | 12 | [`Encoding`] of the body |
//! | 13 to 15 | zero |
//! | 16 to 23 | time of writing, in milliseconds since the Unix epoch |
//! | 24 to 31 | sequence number within the directory |
//! | 32 to 35 | CRC-32 of the body |
//! | 36 to 39 | CRC-32 of the header up to here |
//!
//! The header has a checksum of its own, so that a damaged body loses only its record. Beside each segment is a file of
//! delivered records: entries of 12 bytes, the offset of a record (`u64`) and the CRC-32 of these eight bytes.

/// The first bytes of a segment.
pub(super) const MAGIC: [u8; 8] = *b"TSQUEUE\n";
/// The version that this release writes.
pub(super) const VERSION: u16 = 1;
pub(super) const FILE_HEADER: usize = 16;
pub(super) const RECORD_HEADER: usize = 40;
pub(super) const ACK: usize = 12;
/// The first bytes of a record.
pub(super) const MARK: [u8; 4] = *b"SPAN";
/// The longest body, in bytes, before and after compression. Batches are far smaller.
pub(super) const MAX_BODY: usize = 64 * 1024 * 1024;

/// How a body is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain = 0,
    Deflate = 1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) body_len: u32,
    pub(super) spans: u32,
    pub(super) encoding: Encoding,
    pub(super) written_at_ms: u64,
    pub(super) sequence: u64,
    pub(super) body_crc: u32,
}

pub(super) fn file_header() -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// Returns the version of a segment, or `None` if it is not one.
pub(super) fn file_version(header: &[u8]) -> Option<u16> {
    let (magic, rest) = header.split_first_chunk::<8>()?;
    let (version, _) = rest.split_first_chunk::<2>()?;
    (*magic == MAGIC).then_some(u16::from_le_bytes(*version))
}

impl RecordHeader {
    pub(super) fn encode(&self) -> [u8; RECORD_HEADER] {
        let mut bytes = [0; RECORD_HEADER];
        bytes[..4].copy_from_slice(&MARK);
        bytes[4..8].copy_from_slice(&self.body_len.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.spans.to_le_bytes());
        bytes[12] = self.encoding as u8;
        bytes[16..24].copy_from_slice(&self.written_at_ms.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Returns the header, or `None` if the bytes are not one.
    pub(super) fn decode(bytes: &[u8; RECORD_HEADER]) -> Option<Self> {
        let four = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let eight = |at: usize| u64::from(four(at)) | u64::from(four(at + 4)) << 32;
        if bytes[..4] != MARK || crc32fast::hash(&bytes[..36]) != four(36) {
            return None;
        }
        let encoding = match bytes[12] {
            0 => Encoding::Plain,
            1 => Encoding::Deflate,
            _ => return None,
        };
        let header = Self {
            body_len: four(4),
            spans: four(8),
            encoding,
            written_at_ms: eight(16),
            sequence: eight(24),
            body_crc: four(32),
        };
        (header.body_len as usize <= MAX_BODY).then_some(header)
    }

    /// Returns the length of the record in bytes.
    pub(super) fn record_len(&self) -> u64 {
        RECORD_HEADER as u64 + u64::from(self.body_len)
    }
}

pub(super) fn encode_ack(offset: u64) -> [u8; ACK] {
    let mut bytes = [0; ACK];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..8]);
    bytes[8..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Returns the offsets of delivered records. Damaged entries are skipped: their records are delivered twice.
pub(super) fn decode_acks(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.chunks_exact(ACK).filter_map(|entry| {
        let (offset, crc) = entry.split_first_chunk::<8>()?;
        (crc32fast::hash(offset).to_le_bytes() == crc).then_some(u64::from_le_bytes(*offset))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> RecordHeader {
        RecordHeader {
            body_len: 1234,
            spans: 5,
            encoding: Encoding::Deflate,
            written_at_ms: 1_800_000_000_123,
            sequence: u64::MAX - 1,
            body_crc: 0xdead_beef,
        }
    }

    #[test]
    fn headers_are_read_as_written() {
        assert_eq!(RecordHeader::decode(&header().encode()), Some(header()));
        assert_eq!(file_version(&file_header()), Some(VERSION));
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        for bit in 0..RECORD_HEADER * 8 {
            let mut bytes = header().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(RecordHeader::decode(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn a_torn_entry_of_delivered_records_is_skipped() {
        let mut bytes = [encode_ack(16), encode_ack(99)].concat();
        bytes.truncate(ACK + 5);
        assert_eq!(decode_acks(&bytes).collect::<Vec<_>>(), [16]);
        bytes = [encode_ack(16), encode_ack(99)].concat();
        bytes[0] ^= 1;
        assert_eq!(decode_acks(&bytes).collect::<Vec<_>>(), [99]);
    }
}
