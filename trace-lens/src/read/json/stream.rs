//! Splits text into JSON documents.

use std::io::{BufRead, Read};

use serde::de::DeserializeSeed;
use serde_json::error::Category;
use serde_json::{Deserializer, Error};

use super::document::DocumentSeed;
use crate::read::report::{Position, Problem};
use crate::read::sink::Sink;

/// Reads lines, each with one JSON document or several. `first` is the number of the first line.
pub(crate) fn lines(text: &[u8], first: u64, sink: &mut Sink) {
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let number = first + index as u64;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let mut reader = Deserializer::from_slice(line);
        loop {
            if let Err(error) = DocumentSeed(sink).deserialize(&mut reader) {
                sink.builder.discard_open();
                sink.problem(problem(&error, number - 1, 0), 1);
                break;
            }
            if reader.end().is_ok() {
                break;
            }
        }
        sink.settle(|what| Problem::new(Position::Line(number, 0), what));
    }
}

fn problem(error: &Error, lines_before: u64, columns_before: u64) -> Problem {
    let text = error.to_string();
    let what = match (error.classify(), text.split_once(" at line ")) {
        (Category::Eof, _) => "truncated: the JSON document does not end",
        (_, Some((what, _))) => what,
        (_, None) => text.as_str(),
    };
    let column = error.column() as u64 + if error.line() == 1 { columns_before } else { 0 };
    Problem::new(Position::Line(lines_before + error.line() as u64, column), what)
}

/// Reads documents that may span lines, one after the other, and text that is in memory.
pub(crate) fn documents_in(text: &[u8], sink: &mut Sink) {
    let (mut rest, mut line) = (text, 1);
    while let Some(failed) = documents_until_error(rest, line, sink) {
        // After a syntax error, it goes on at the next line that begins with `{` or `[`.
        let next = next_document(rest, failed);
        let Some((offset, lines)) = next else { return };
        rest = &rest[offset..];
        line += lines;
    }
}

/// Returns the line of the error, from 1, counted from the begin of `text`.
fn documents_until_error(text: &[u8], first: u64, sink: &mut Sink) -> Option<usize> {
    let mut reader = Deserializer::from_slice(text);
    while reader.end().is_err() {
        let result = DocumentSeed(sink).deserialize(&mut reader);
        sink.settle(|what| {
            Problem::new(Position::Line(first, 0), format!("in the document that begins here: {what}"))
        });
        if let Err(error) = result {
            sink.builder.discard_open();
            sink.problem(problem(&error, first - 1, 0), 1);
            return Some(error.line());
        }
    }
    None
}

/// Returns the offset and number of lines of the next line after `line` that begins a document.
fn next_document(text: &[u8], line: usize) -> Option<(usize, u64)> {
    let mut lines = 0;
    for (offset, _) in text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n') {
        lines += 1;
        if lines >= line && matches!(text.get(offset + 1), Some(b'{' | b'[')) {
            return Some((offset + 1, lines as u64));
        }
    }
    None
}

/// Reads documents that may span lines, one after the other.
///
/// After a syntax error, it goes on at the next line that begins with `{` or `[`.
pub(crate) fn documents(input: &mut dyn BufRead, sink: &mut Sink) -> std::io::Result<()> {
    let mut input = Counted { input, lines: 0, column: 0, last_is_newline: true };
    while input.skip_whitespace()? {
        let (lines, column) = (input.lines, input.column);
        let mut reader = Deserializer::from_reader(&mut input);
        let result = DocumentSeed(sink).deserialize(&mut reader);
        if let Err(error) = result {
            sink.builder.discard_open();
            if error.is_io() {
                return Err(error.into());
            }
            sink.problem(problem(&error, lines, column), 1);
            input.skip_to_document()?;
        }
        sink.settle(|what| {
            Problem::new(Position::Line(lines + 1, 0), format!("in the document that begins here: {what}"))
        });
    }
    Ok(())
}

/// Counts lines and columns.
struct Counted<'r> {
    input: &'r mut dyn BufRead,
    lines: u64,
    column: u64,
    last_is_newline: bool,
}

impl Counted<'_> {
    fn count(&mut self, byte: u8) {
        self.last_is_newline = byte == b'\n';
        if self.last_is_newline {
            self.lines += 1;
            self.column = 0;
        } else {
            self.column += 1;
        }
    }

    /// Skips bytes while `test` holds, and returns whether there are more.
    fn skip_while(&mut self, mut test: impl FnMut(u8, bool) -> bool) -> std::io::Result<bool> {
        loop {
            let Some(&byte) = self.input.fill_buf()?.first() else { return Ok(false) };
            if !test(byte, self.last_is_newline) {
                return Ok(true);
            }
            self.input.consume(1);
            self.count(byte);
        }
    }

    fn skip_whitespace(&mut self) -> std::io::Result<bool> {
        self.skip_while(|byte, _| byte.is_ascii_whitespace() || matches!(byte, b',' | 0))
    }

    fn skip_to_document(&mut self) -> std::io::Result<()> {
        self.skip_while(|byte, is_first| !(is_first && matches!(byte, b'{' | b'['))).map(|_| ())
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // serde_json reads single bytes.
        let read = self.input.read(buffer)?;
        for &byte in &buffer[..read] {
            self.count(byte);
        }
        Ok(read)
    }
}
