//! Markdown tables, and their places in documents.

/// A Markdown table: names on the left, figures on the right.
pub struct Table {
    text: String,
}

impl Table {
    pub fn new(heads: &[&str]) -> Self {
        let text = format!("| {} |\n|---|{}\n", heads.join(" | "), "---:|".repeat(heads.len() - 1));
        Self { text }
    }

    pub fn row(&mut self, cells: &[String]) {
        self.text += &format!("| {} |\n", cells.join(" | "));
    }

    /// Returns the table with the row of `name` in bold.
    pub fn finish(self, name: &str) -> String {
        let (ours, bold) = (format!("| {name} |"), format!("| **{name}** |"));
        self.text.replacen(&ours, &bold, 1)
    }
}

/// A number with its thousands separated, or a dash for a missing one.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("−{text}") } else { text }
}

pub fn ratio(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}") } else { "–".into() }
}

/// Replaces the text between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. Changes nothing without these marks.
pub fn fill(document: &str, name: &str, content: &str) -> String {
    let (start, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let Some((before, rest)) = document.split_once(&start) else { return document.into() };
    let Some((_, after)) = rest.split_once(&end) else { return document.into() };
    format!("{before}{start}\n{}\n{end}{after}", content.trim_end())
}
