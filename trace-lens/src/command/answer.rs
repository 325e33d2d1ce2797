//! The result of a command, and how it is printed.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value as Json, json};
use trace_lens::read::ReadError;
use trace_lens::show::{Document, TextOptions, markdown, text};

use super::args::{Format, Options};

/// The version of the JSON output. It changes when a field is removed or changes its meaning.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// The reason why a command has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Exit code 2.
    #[error("{0}")]
    Unusable(String),
    /// Exit code 3.
    #[error("{0}")]
    TooLittle(String),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::unusable(error)
    }
}

impl Failure {
    pub(crate) fn unusable(error: impl ToString) -> Self {
        Self::Unusable(error.to_string())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unusable(_) => 2,
            Self::TooLittle(_) => 3,
        }
    }
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The result as a document for text and Markdown.
    pub(crate) document: Document,
    /// The result as JSON.
    pub(crate) json: Json,
    /// Text that is printed as it is, for formats that only some commands have.
    pub(crate) picture: Option<(Format, String)>,
    pub(crate) is_finding: bool,
}

impl Answer {
    /// `verb` names the result in JSON.
    pub(crate) fn new(verb: &str, document: Document, result: &impl Serialize) -> Result<Self, Failure> {
        let result = serde_json::to_value(result).map_err(Failure::unusable)?;
        let json = json!({ "tool": "trace-lens", "schema": SCHEMA_VERSION, "verb": verb, "result": result });
        Ok(Self { document, json, picture: None, is_finding: false })
    }

    pub(crate) fn with_picture(mut self, format: Format, text: String) -> Self {
        self.picture = Some((format, text));
        self
    }

    pub(crate) fn with_finding(mut self, is_finding: bool) -> Self {
        self.is_finding = is_finding;
        self
    }

    /// Prints the answer, and returns the exit code.
    pub(crate) fn print(&self, options: &Options) -> Result<u8, Failure> {
        let out = match (options.format, &self.picture) {
            (format, Some((of, picture))) if format == *of => picture.clone(),
            (Format::Text, _) => text(&self.document, &text_options()),
            (Format::Json, _) => format!("{:#}\n", self.json),
            (Format::Md, _) => markdown(&self.document),
            (Format::Html, _) => page(&self.document),
            (Format::Svg | Format::Dot | Format::Mermaid, _) => {
                return Err(Failure::unusable(
                    "this command does not support this format; see `trace-lens help`",
                ));
            }
        };
        write_out(&out)?;
        Ok(u8::from(self.is_finding && options.exit_code))
    }
}

/// Prints text. It is not an error if the reader has closed the pipe.
pub(crate) fn write_out(out: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::unusable(error)),
        _ => Ok(()),
    }
}

/// Colours and width of the terminal. `NO_COLOR` switches colours off.
pub(crate) fn text_options() -> TextOptions {
    let is_terminal = io::stdout().is_terminal();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let from_env = || std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    let width = if is_terminal { width.or_else(from_env) } else { from_env() };
    TextOptions::new().with_color(is_terminal && !no_color).with_width(width.unwrap_or(100))
}

/// Returns a self-contained HTML page with the result as escaped text.
fn page(document: &Document) -> String {
    let escaped = text(document, &TextOptions::new().with_width(120));
    html(&format!("<pre>{}</pre>", escape_html(&escaped)))
}

pub(crate) fn html(body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>trace-lens</title>\n\
         <style>body{{margin:1rem;font:14px system-ui;color-scheme:light dark}}pre{{overflow:auto}}</style>\n\
         {body}\n</html>\n"
    )
}

pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
