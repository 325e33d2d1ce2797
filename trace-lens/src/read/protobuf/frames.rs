//! Splits a stream of bytes into protobuf messages, by the framing that it has.

use std::io::{self, BufRead, Read};

use super::wire::Fields;

/// How messages follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One message, or several whose fields simply follow each other.
    None,
    /// A varint with the length before each message.
    Varint,
    /// Four bytes with the length, big-endian, before each message: the Collector's file exporter.
    BigEndian,
}

impl Framing {
    /// Recognises the framing of a file that begins with these bytes. `None` if it is not protobuf.
    pub(crate) fn detect(head: &[u8]) -> Option<Self> {
        let first = *head.first()?;
        if let Some((length, rest)) = head.split_first_chunk()
            && first <= 0x3f
            // The tag of a plain request, which would be a length of more than 160 MiB.
            && !(first == 0x0a && looks_like_request(head, usize::MAX))
        {
            let length = u32::from_be_bytes(*length) as usize;
            let message = &rest[..length.min(rest.len())];
            if length > 0
                && (is_compressed(message) || is_json(message) || looks_like_request(message, length))
            {
                return Some(Self::BigEndian);
            }
        }
        if looks_like_request(head, usize::MAX) {
            return Some(Self::None);
        }
        let mut fields = Fields::new(head);
        let length = usize::try_from(fields.varint().ok()?).ok()?;
        let message = &head[varint_len(length)..];
        let message = &message[..length.min(message.len())];
        (length > 0 && looks_like_request(message, length)).then_some(Self::Varint)
    }
}

/// Returns whether these bytes begin with gzip or zstd.
pub(crate) fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || bytes.starts_with(&[0x1f, 0x8b])
}

fn is_json(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{\"")
}

/// Whether the bytes begin like `resource_spans { resource | scope_spans … }`, whose length is at most `length`.
fn looks_like_request(bytes: &[u8], length: usize) -> bool {
    if bytes.first() != Some(&0x0a) {
        return false;
    }
    let mut fields = Fields::new(&bytes[1..]);
    let Ok(inner) = fields.varint() else { return false };
    let Ok(inner) = usize::try_from(inner) else { return false };
    let start = 1 + varint_len(inner);
    if inner == 0 {
        return true;
    }
    if length != usize::MAX && start.saturating_add(inner) > length {
        return false;
    }
    // Resource, scope spans, schema URL; 1000 is the scope spans of old.
    matches!(bytes.get(start), None | Some(0x0a | 0x12 | 0x1a | 0xc2))
}

fn varint_len(number: usize) -> usize {
    (number.max(1).ilog2() / 7 + 1) as usize
}

/// A message, and its offset in the stream.
pub(crate) struct Frame {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whether the bytes are a `ResourceSpans`, and not a request.
    pub(crate) is_resource_spans: bool,
}

/// What ended the frames early, and where.
#[derive(Debug)]
pub(crate) enum Broken {
    At(u64, &'static str),
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads frames until the end of the stream.
pub(crate) struct Frames<'r> {
    input: &'r mut dyn BufRead,
    framing: Framing,
    offset: u64,
}

impl<'r> Frames<'r> {
    pub(crate) fn new(input: &'r mut dyn BufRead, framing: Framing) -> Self {
        Self { input, framing, offset: 0 }
    }

    /// Returns the next frame, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(None);
            }
            let (start, mut is_resource_spans) = (self.offset, false);
            let length = match self.framing {
                Framing::BigEndian => u64::from(u32::from_be_bytes(self.array()?)),
                Framing::Varint => self.varint()?,
                Framing::None => {
                    let tag = self.varint()?;
                    is_resource_spans = tag == 0x0a;
                    match tag & 7 {
                        0 => {
                            self.varint()?;
                            continue;
                        }
                        1 => {
                            self.array::<8>()?;
                            continue;
                        }
                        2 => self.varint()?,
                        5 => {
                            self.array::<4>()?;
                            continue;
                        }
                        _ => return Err(Broken::At(start, "unknown wire type")),
                    }
                }
            };
            let bytes = self.take(length, start)?;
            if self.framing != Framing::None || is_resource_spans {
                return Ok(Some(Frame { offset: start, bytes, is_resource_spans }));
            }
        }
    }

    /// Allocates memory as bytes arrive, because the length in the file may be wrong.
    fn take(&mut self, length: u64, start: u64) -> Result<Vec<u8>, Broken> {
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(1 << 20)).unwrap_or(0));
        let read = self.input.take(length).read_to_end(&mut bytes)? as u64;
        self.offset += read;
        if read < length {
            return Err(Broken::At(start, "truncated: the file ends within this message"));
        }
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut bytes = [0; N];
        let start = self.offset;
        self.input.read_exact(&mut bytes).map_err(|error| truncated(error, start))?;
        self.offset += N as u64;
        Ok(bytes)
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let start = self.offset;
        let mut value = 0u64;
        for index in 0..10 {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Broken::At(start, "a varint is longer than 64 bits"))
    }
}

fn truncated(error: io::Error, offset: u64) -> Broken {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        Broken::At(offset, "truncated: the file ends within a length")
    } else {
        Broken::Io(error)
    }
}
