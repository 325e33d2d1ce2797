//! A JSON list that is written item by item.

use std::io::{self, Write};

use serde_json::Value as Json;

/// A list of which some items are written.
#[derive(Debug)]
pub(crate) struct List {
    is_empty: bool,
}

impl List {
    /// Writes the text before the first item.
    pub(crate) fn begin(begin: &str, out: &mut dyn Write) -> io::Result<Self> {
        out.write_all(begin.as_bytes())?;
        Ok(Self { is_empty: true })
    }

    pub(crate) fn item(&mut self, item: &Json, out: &mut dyn Write) -> io::Result<()> {
        let separator = if std::mem::take(&mut self.is_empty) { "\n" } else { ",\n" };
        out.write_all(separator.as_bytes())?;
        Ok(serde_json::to_writer(out, item)?)
    }

    /// Writes the text after the last item.
    pub(crate) fn end(self, end: &str, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(end.as_bytes())
    }
}
