//! Reads one file of any format.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::json;
use super::open::Opened;
use super::protobuf::{Broken, Frames, Framing};
use super::report::{FileReport, Position, Problem, ReadError};
use super::sink::Sink;
use super::workers::{Work, run};
use crate::model::SpanSet;
use crate::spill::Overflow;

/// How many bytes of lines or messages a thread parses at a time.
const BLOCK: usize = 2 << 20;
/// The length of a line beyond which a file is read as one document.
const MAX_LINE: usize = 64 << 20;
/// The size up to which documents are read from memory, which is faster than from a stream.
const MAX_IN_MEMORY: u64 = 1 << 30;

/// The format of a file, detected from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Empty,
    JsonLines,
    JsonDocuments,
    Protobuf(Framing),
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::JsonLines => "JSON lines",
            Self::JsonDocuments => "JSON",
            #[cfg(feature = "parquet")]
            Self::Parquet => "Parquet",
            Self::Protobuf(Framing::None) => "OTLP protobuf",
            Self::Protobuf(Framing::Varint) => "OTLP protobuf, lengths as varints",
            Self::Protobuf(Framing::BigEndian) => "messages after lengths of 4 bytes",
        }
    }

    fn detect(head: &[u8]) -> Result<Self, String> {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let Some(first) = text.iter().find(|it| !it.is_ascii_whitespace()) else { return Ok(Self::Empty) };
        match (first, head) {
            (_, [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..]) => {
                Err("UTF-32 text; convert it to UTF-8".to_owned())
            }
            (
                _,
                [0xff, 0xfe, ..]
                | [0xfe, 0xff, ..]
                | [0, b'{' | b'[', 0, _, 0, ..]
                | [b'{' | b'[', 0, _, 0, ..],
            ) => Err("UTF-16 text; convert it to UTF-8".to_owned()),
            #[cfg(feature = "parquet")]
            (_, [b'P', b'A', b'R', b'1', ..]) => Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            (_, [b'P', b'A', b'R', b'1', ..]) => {
                Err("a Parquet file, and this program was built without the feature `parquet`".to_owned())
            }
            (_, [b'P', b'K', 3, 4, ..]) => Err("a ZIP archive; unpack it".to_owned()),
            (b'{' | b'[', _) if Framing::detect(head).is_none() || head[0] != 0x0a => Ok(json_format(text)),
            _ => Framing::detect(head).map(Self::Protobuf).ok_or_else(|| unknown(head)),
        }
    }
}

fn unknown(head: &[u8]) -> String {
    let begin = &head[..head.len().min(24)];
    match std::str::from_utf8(begin) {
        Ok(text) => format!("not a known format; it begins with {text:?}"),
        Err(_) => format!("not a known format; it begins with the bytes {begin:02x?}"),
    }
}

/// Lines, if each complete line of the head is a document of its own.
fn json_format(head: &[u8]) -> Format {
    let mut lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').collect();
    if lines.len() == 1 {
        return Format::JsonDocuments;
    }
    lines.pop();
    let is_document = |line: &&[u8]| {
        let line = line.trim_ascii();
        matches!(
            (line.first(), line.last()),
            (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) | (None, None)
        )
    };
    // A list of documents, one a line, has lines that end in a comma.
    if lines.iter().all(is_document) { Format::JsonLines } else { Format::JsonDocuments }
}

/// How files are read.
pub(crate) struct FileSettings<'f> {
    pub(crate) threads: usize,
    /// Where spans go when there are too many for the memory.
    pub(crate) overflow: Option<&'f Arc<Overflow>>,
    /// Called with the number of bytes read since the last call.
    pub(crate) progress: &'f (dyn Fn(u64) + Sync),
}

/// Reads a file into `set`.
pub(crate) fn read(
    name: &str,
    opened: io::Result<Opened>,
    settings: &FileSettings<'_>,
    set: &mut SpanSet,
) -> Result<FileReport, ReadError> {
    let io_error = |source| ReadError::Io { file: name.to_owned(), source };
    let Opened { head, mut input, layers } = opened.map_err(io_error)?;
    let format =
        Format::detect(&head).map_err(|reason| ReadError::NotRecognised { file: name.to_owned(), reason })?;
    #[cfg(feature = "parquet")]
    if format == Format::Parquet
        && layers.is_empty()
        && name != "-"
        && let Ok(file) = std::fs::File::open(name)
    {
        return Ok(read_parquet_file(name, file, settings, set));
    }
    let is_small = head.len() < 64 << 10;
    let threads = if is_small { 1 } else { settings.threads };
    let overflow = settings.overflow;
    let mut input = Counter { input: &mut input, bytes: 0, progress: settings.progress, overflow };
    let (result, sinks) = run(threads, overflow, |work| produce(format, &mut input, overflow, work));
    let mut report = FileReport {
        file: name.to_owned(),
        format: layers.iter().fold(format.name().to_owned(), |text, layer| format!("{text} in {layer}")),
        bytes: input.bytes,
        ..FileReport::default()
    };
    let mut sinks: Vec<Sink> = sinks;
    if let Some(sink) = sinks.first_mut() {
        finish(result, sink, name, report.bytes)?;
    }
    for sink in sinks {
        collect(sink, &mut report, overflow, set);
    }
    report.problems.sort_by_key(|it| it.position);
    report.problems.truncate(20);
    Ok(report)
}

/// Reads only those parts of a file that are needed.
#[cfg(feature = "parquet")]
fn read_parquet_file(
    name: &str,
    file: std::fs::File,
    settings: &FileSettings<'_>,
    set: &mut SpanSet,
) -> FileReport {
    let bytes = file.metadata().map_or(0, |it| it.len());
    let mut sink = Sink::new(settings.overflow.cloned());
    super::parquet::read(super::parquet::Source::File(file), &mut sink);
    (settings.progress)(bytes);
    let mut report =
        FileReport { file: name.to_owned(), format: "Parquet".to_owned(), bytes, ..FileReport::default() };
    collect(sink, &mut report, settings.overflow, set);
    report
}

/// Adds what one thread has read to the whole.
fn collect(mut sink: Sink, report: &mut FileReport, overflow: Option<&Arc<Overflow>>, set: &mut SpanSet) {
    report.spans += sink.builder.len() as u64 + sink.spilled;
    report.skipped += sink.skipped;
    report.other_signals += sink.other_signals;
    report.problems.append(&mut sink.problems);
    match overflow {
        Some(overflow) if overflow.has_begun() => overflow.add(&sink.builder.take()),
        _ => set.absorb(sink.builder.take()),
    }
}

/// How reading ended.
enum End {
    Whole,
    /// The rest of the documents, to be read on this thread.
    Documents(Box<Sink>),
    Broken(u64, String),
}

fn finish(result: io::Result<End>, sink: &mut Sink, name: &str, bytes: u64) -> Result<(), ReadError> {
    match result {
        Ok(End::Whole) => {}
        Ok(End::Documents(read)) => *sink = *read,
        Ok(End::Broken(offset, what)) => sink.problem(Problem::new(Position::Offset(offset), what), 1),
        // A truncated compressed stream: everything before the error was read.
        Err(error) if bytes > 0 => {
            sink.problem(
                Problem::new(
                    Position::Offset(bytes),
                    format!("the rest of the file cannot be read: {error}"),
                ),
                1,
            );
        }
        Err(source) => return Err(ReadError::Io { file: name.to_owned(), source }),
    }
    Ok(())
}

fn produce(
    format: Format,
    input: &mut dyn BufRead,
    overflow: Option<&Arc<Overflow>>,
    work: &mut dyn FnMut(Work),
) -> io::Result<End> {
    match format {
        Format::Empty => Ok(End::Whole),
        Format::JsonLines => lines(input, work),
        Format::JsonDocuments => documents(input, overflow),
        Format::Protobuf(framing) => messages(input, framing, work),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet(input, overflow),
    }
}

/// Reads Parquet that is not a file, such as a compressed one. It has its table of contents at its end, so all of it is
/// needed.
#[cfg(feature = "parquet")]
fn parquet(input: &mut dyn BufRead, overflow: Option<&Arc<Overflow>>) -> io::Result<End> {
    let mut bytes = Vec::new();
    input.take(MAX_IN_MEMORY).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == MAX_IN_MEMORY {
        return Err(io::Error::other("Parquet of 1 GiB and more must be a plain file"));
    }
    let mut sink = Sink::new(overflow.cloned());
    super::parquet::read(super::parquet::Source::Memory(bytes), &mut sink);
    Ok(End::Documents(Box::new(sink)))
}

fn lines(input: &mut dyn BufRead, work: &mut dyn FnMut(Work)) -> io::Result<End> {
    skip_bom(input)?;
    let (mut block, mut first) = (Vec::with_capacity(BLOCK + (64 << 10)), 1);
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) => {
                work(Work::Lines(block, first));
                return Err(error);
            }
        };
        if buffer.is_empty() {
            work(Work::Lines(block, first));
            return Ok(End::Whole);
        }
        let taken = buffer.len();
        block.extend_from_slice(buffer);
        input.consume(taken);
        if block.len() < BLOCK {
            continue;
        }
        if let Some(end) = block.iter().rposition(|&byte| byte == b'\n') {
            let rest = block.split_off(end + 1);
            let count = block.iter().filter(|&&byte| byte == b'\n').count() as u64;
            work(Work::Lines(std::mem::replace(&mut block, rest), first));
            first += count;
            block.reserve(BLOCK);
        } else if block.len() > MAX_LINE {
            let skipped = block.len();
            block.clear();
            let mut rest = Vec::new();
            skip_line(input)?;
            rest.push(b'\n');
            work(Work::Lines(rest, first));
            first += 1;
            return Ok(End::Broken(
                first,
                format!("a line is longer than {skipped} bytes; the rest of the file was not read"),
            ));
        }
    }
}

fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let taken = buffer.iter().position(|&byte| byte == b'\n').map_or(buffer.len(), |at| at + 1);
        let ends = buffer[taken - 1] == b'\n';
        input.consume(taken);
        if ends {
            return Ok(());
        }
    }
}

fn skip_bom(input: &mut dyn BufRead) -> io::Result<()> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(())
}

fn documents(input: &mut dyn BufRead, overflow: Option<&Arc<Overflow>>) -> io::Result<End> {
    skip_bom(input)?;
    let mut sink = Sink::new(overflow.cloned());
    let mut text = Vec::new();
    let limit = overflow.map_or(MAX_IN_MEMORY, |it| it.text_limit().min(MAX_IN_MEMORY));
    let result = (&mut *input).take(limit).read_to_end(&mut text);
    if (text.len() as u64) < limit {
        json::documents_in(&text, &mut sink);
        if let Err(error) = result {
            sink.problem(
                Problem::new(
                    Position::Offset(text.len() as u64),
                    format!("the rest of the file cannot be read: {error}"),
                ),
                1,
            );
        }
    } else {
        let mut whole = io::BufReader::new(text.as_slice().chain(input));
        json::documents(&mut whole, &mut sink)?;
    }
    Ok(End::Documents(Box::new(sink)))
}

fn messages(input: &mut dyn BufRead, framing: Framing, work: &mut dyn FnMut(Work)) -> io::Result<End> {
    let mut frames = Frames::new(input, framing);
    let (mut batch, mut size) = (Vec::new(), 0);
    let end = loop {
        match frames.next() {
            Ok(Some(frame)) => {
                size += frame.bytes.len();
                batch.push(frame);
                if size >= BLOCK {
                    work(Work::Messages(std::mem::take(&mut batch)));
                    size = 0;
                }
            }
            Ok(None) => break Ok(End::Whole),
            Err(Broken::At(offset, what)) => break Ok(End::Broken(offset, what.to_owned())),
            Err(Broken::Io(error)) => break Err(error),
        }
    };
    work(Work::Messages(batch));
    end
}

/// Counts the bytes of a stream.
struct Counter<'r> {
    input: &'r mut (dyn BufRead + Send),
    bytes: u64,
    progress: &'r (dyn Fn(u64) + Sync),
    overflow: Option<&'r Arc<Overflow>>,
}

impl Read for Counter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.bytes += read as u64;
        (self.progress)(read as u64);
        Ok(read)
    }
}

impl BufRead for Counter<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.overflow.is_some_and(|it| it.has_failed()) {
            return Err(io::Error::other("spans cannot be written to disk"));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes += amount as u64;
        (self.progress)(amount as u64);
        self.input.consume(amount);
    }
}
