//! Fenced code blocks of Markdown.

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first word after the fence: `rust` of `rust,no_run`.
    pub(crate) language: String,
    /// The line of the opening fence, from one.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Returns the blocks of a document, except those that are marked `compile_fail`.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in document.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                let language = if info.contains("compile_fail") { "" } else { info };
                let language = language.split([',', ' ']).next().unwrap_or_default().to_owned();
                open = Some(Block { language, line: index + 1, text: String::new() });
            }
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_language_and_line() {
        let document = "text\n```rust,no_run\nlet a = 1;\n```\n\n```toml\nb = 2\n```\n```rust,compile_fail\n```\n```\nplain\n```\n";
        let found = blocks(document);
        let heads: Vec<(&str, usize)> =
            found.iter().map(|block| (block.language.as_str(), block.line)).collect();
        assert_eq!(heads, [("rust", 2), ("toml", 6), ("", 9), ("", 11)]);
        assert_eq!(found[0].text, "let a = 1;\n");
    }
}
