//! The value of `db.namespace`.

use std::fmt::Write;

use tracing_core_lite::layer_support::StackText;

/// The indexes of the databases that a server has by default.
const DEFAULT: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];

/// Returns the index of a database as text, for which `text` has the room. The usual indexes are not formatted.
#[inline]
pub(crate) fn namespace(database: i64, text: &mut StackText<20>) -> &str {
    if let Some(known) = usize::try_from(database).ok().and_then(|index| DEFAULT.get(index)) {
        return known;
    }
    // Writing to a `StackText` does not fail.
    let _written = write!(text, "{database}");
    text.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_text() {
        for (database, expected) in
            [(0, "0"), (15, "15"), (16, "16"), (-1, "-1"), (i64::MIN, "-9223372036854775808")]
        {
            assert_eq!(namespace(database, &mut StackText::new()), expected);
        }
    }
}
