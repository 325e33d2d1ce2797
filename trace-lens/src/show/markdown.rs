//! Documents as Markdown.

use std::fmt::Write;

use super::document::{Block, Document};
use super::text::clean;

/// Returns a document as Markdown that ends in a line feed.
///
/// Text from spans is escaped, so that it cannot become markup.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        // Writing to a String cannot fail.
        let _ = match block {
            Block::Heading(heading) => writeln!(out, "## {}\n", escape(heading)),
            Block::Text(line) => writeln!(out, "{}\n", escape(line)),
            Block::Bad(line) => writeln!(out, "**{}**\n", escape(line)),
            Block::Verbatim(text) => {
                writeln!(out, "```text\n{}\n```\n", text.trim_end_matches('\n').replace("```", "'''"))
            }
            Block::More(command) => writeln!(out, "More: `{}`\n", clean(command).replace('`', "'")),
            Block::Table(columns, rows) => {
                let titles: Vec<String> = columns.iter().map(|it| escape(&it.title)).collect();
                let rules: Vec<&str> =
                    columns.iter().map(|it| if it.is_number { "---:" } else { "---" }).collect();
                let mut table = format!("| {} |\n| {} |\n", titles.join(" | "), rules.join(" | "));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(|it| escape(it)).collect();
                    let _ = writeln!(table, "| {} |", cells.join(" | "));
                }
                writeln!(out, "{table}")
            }
        };
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    out.push('\n');
    out
}

/// Escapes what Markdown and HTML give a meaning.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in clean(text).chars() {
        match it {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' => {
                out.push('\\');
                out.push(it);
            }
            other => out.push(other),
        }
    }
    out
}
