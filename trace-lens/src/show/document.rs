//! A document of headings, text and tables, independent of its output format.

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A line of text.
    Text(String),
    /// A line of text about a problem.
    Bad(String),
    /// The columns, and the cells of each row.
    Table(Vec<Column>, Vec<Vec<String>>),
    /// Text whose lines and spaces matter, such as a diagram.
    Verbatim(String),
    /// A command that shows more.
    More(String),
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The title.
    pub title: String,
    /// Whether cells are aligned to the right, as numbers are.
    pub is_number: bool,
}

impl Column {
    /// Creates a column of text.
    #[must_use]
    pub fn text(title: &str) -> Self {
        Self { title: title.to_owned(), is_number: false }
    }

    /// Creates a column of numbers.
    #[must_use]
    pub fn number(title: &str) -> Self {
        Self { title: title.to_owned(), is_number: true }
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Document {
    /// The parts.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Creates an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    /// Adds a line of text about a problem.
    pub fn bad(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Bad(text.into()));
    }

    /// Adds text whose lines and spaces matter.
    pub fn verbatim(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Verbatim(text.into()));
    }

    /// Adds a table, unless it has no rows. A column is a number if its title ends in `#`.
    pub fn table(&mut self, titles: &[&str], rows: Vec<Vec<String>>) {
        if rows.is_empty() {
            return;
        }
        let column =
            |title: &&str| title.strip_suffix('#').map_or_else(|| Column::text(title), Column::number);
        self.blocks.push(Block::Table(titles.iter().map(column).collect(), rows));
    }

    /// Adds the command that shows more.
    pub fn more(&mut self, command: impl Into<String>) {
        self.blocks.push(Block::More(command.into()));
    }
}
