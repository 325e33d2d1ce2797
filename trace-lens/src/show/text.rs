//! Documents as text for a terminal.

use std::fmt::Write;

use super::document::{Block, Column, Document};

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";

/// Settings of the text output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextOptions {
    /// Whether to use colours, as ANSI escape sequences.
    pub color: bool,
    /// The width in columns.
    pub width: usize,
}

impl TextOptions {
    /// Returns the defaults: no colours, 100 columns.
    #[must_use]
    pub fn new() -> Self {
        Self { color: false, width: 100 }
    }

    /// Switches colours on or off.
    #[must_use]
    pub fn with_color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Sets the width in columns, at least 40.
    #[must_use]
    pub fn with_width(mut self, columns: usize) -> Self {
        self.width = columns.max(40);
        self
    }
}

impl Default for TextOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a document as text that ends in a line feed.
///
/// Control characters are escaped, because names and messages come from traced programs.
#[must_use]
pub fn text(document: &Document, options: &TextOptions) -> String {
    let mut out = String::new();
    let styled = |style: &str, text: &str| {
        if options.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    for block in &document.blocks {
        // Writing to a String cannot fail.
        let _ = match block {
            Block::Heading(heading) => {
                let gap = if out.is_empty() { "" } else { "\n" };
                writeln!(out, "{gap}{}", styled(BOLD, &clean(heading)))
            }
            Block::Text(line) => writeln!(out, "{}", clean(line)),
            Block::Bad(line) => writeln!(out, "{}", styled(RED, &clean(line))),
            Block::Verbatim(text) => writeln!(out, "{}", text.trim_end_matches('\n')),
            Block::More(command) => writeln!(out, "{}", styled(DIM, &format!("→ {}", clean(command)))),
            Block::Table(columns, rows) => write!(out, "{}", table(columns, rows, options, &styled)),
        };
    }
    out
}

fn table(
    columns: &[Column],
    rows: &[Vec<String>],
    options: &TextOptions,
    styled: &dyn Fn(&str, &str) -> String,
) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let longest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
        cells.chain([width(&columns[column].title)]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..columns.len()).map(longest).collect();
    shrink(&mut widths, columns, options.width);
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).zip(columns);
        let fitted: Vec<String> =
            cells.map(|((cell, &width), column)| fit(cell, width, column.is_number)).collect();
        format!("  {}", fitted.join("  ")).trim_end().to_owned()
    };
    let titles: Vec<String> = columns.iter().map(|it| it.title.clone()).collect();
    let mut out = String::new();
    if titles.iter().any(|it| !it.is_empty()) {
        out.push_str(&styled(DIM, &line(&titles)));
        out.push('\n');
    }
    for row in &rows {
        out.push_str(&line(row));
        out.push('\n');
    }
    out
}

/// Makes the widest columns of text narrower until the table fits.
fn shrink(widths: &mut [usize], columns: &[Column], total: usize) {
    const LEAST: usize = 12;
    let gaps = 2 * columns.len();
    while widths.iter().sum::<usize>() + gaps > total {
        let texts = (0..widths.len()).filter(|&it| !columns[it].is_number && widths[it] > LEAST);
        let Some(widest) = texts.max_by_key(|&it| widths[it]) else { return };
        widths[widest] -= 1;
    }
}

fn fit(cell: &str, columns: usize, is_number: bool) -> String {
    let length = width(cell);
    if length > columns {
        let kept: String = cell.chars().take(columns.saturating_sub(1)).collect();
        return format!("{kept}…");
    }
    let pad = " ".repeat(columns - length);
    if is_number { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Escapes control characters, and those that change the direction of text.
#[must_use]
pub fn clean(text: &str) -> String {
    let is_bad = |it: char| {
        it.is_control()
            || matches!(it, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_bad) {
        return text.to_owned();
    }
    text.chars().map(|it| if is_bad(it) { it.escape_default().to_string() } else { it.to_string() }).collect()
}
