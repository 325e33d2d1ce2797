//! Opens files and decompresses them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// The size of the buffers for reading.
const BUFFER: usize = 256 << 10;
/// The number of bytes from which the format of a file is detected.
const HEAD: usize = 64 << 10;
/// The maximum number of layers of compression.
const MAX_LAYERS: usize = 4;

/// A stream whose first bytes are known.
pub(crate) struct Opened {
    pub(crate) head: Vec<u8>,
    pub(crate) input: Box<dyn BufRead + Send>,
    /// The names of the removed layers of compression, outermost first.
    pub(crate) layers: Vec<&'static str>,
}

/// Opens a file, or standard input for `-`.
pub(crate) fn open(file: &str) -> io::Result<Opened> {
    let input: Box<dyn Read + Send> =
        if file == "-" { Box::new(io::stdin()) } else { Box::new(File::open(file)?) };
    decompressed(input)
}

/// Decompresses a stream.
pub(crate) fn decompressed(input: Box<dyn Read + Send>) -> io::Result<Opened> {
    let mut input: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(BUFFER, input));
    let mut layers = Vec::new();
    loop {
        let head = read_head(&mut input).map_err(|error| match layers.last() {
            Some(layer) => io::Error::new(error.kind(), format!("truncated or damaged {layer}: {error}")),
            None => error,
        })?;
        let whole = Box::new(Cursor::new(head.clone()).chain(input));
        let is_last = layers.len() == MAX_LAYERS;
        let layer: Option<(&'static str, Box<dyn Read + Send>)> = match head.as_slice() {
            [0x1f, 0x8b, ..] if !is_last => Some(("gzip", Box::new(MultiGzDecoder::new(whole)))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] if !is_last => {
                Some(("zstd", Box::new(zstd::stream::read::Decoder::with_buffer(whole)?)))
            }
            _ => return Ok(Opened { head, input: whole, layers }),
        };
        let Some((name, stream)) = layer else { break Err(io::ErrorKind::InvalidData.into()) };
        layers.push(name);
        input = Box::new(BufReader::with_capacity(BUFFER, stream));
    }
}

/// Reads up to [`HEAD`] bytes. If the stream fails within them, the head is shorter, and the error is returned again later.
fn read_head(input: &mut (dyn BufRead + Send)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < HEAD {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if head.is_empty() => return Err(error),
            Err(_) => break,
        };
        if buffer.is_empty() {
            break;
        }
        let taken = buffer.len();
        head.extend_from_slice(buffer);
        input.consume(taken);
    }
    Ok(head)
}

/// Decompresses a message.
pub(crate) fn decompress(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut out)?;
    } else {
        zstd::stream::read::Decoder::with_buffer(bytes)?.take(limit).read_to_end(&mut out)?;
    }
    if out.len() as u64 == limit {
        return Err(io::Error::other("a message is larger than 1 GiB after decompression"));
    }
    Ok(out)
}
