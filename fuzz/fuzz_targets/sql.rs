//! Any text is read without a panic and within bounds, and a string in its middle does not survive.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_sql::sanitize::{Dialect, MAX_SUMMARY_BYTES, MAX_TEXT_BYTES, sanitize};

/// A fuzzer learns it, so a text that has it already is left out.
const SECRET: &str = "q7Zk0secretW3x";

fuzz_target!(|text: &str| {
    for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite, Dialect::Generic] {
        let query = sanitize(text, dialect);
        assert!(query.text.len() <= MAX_TEXT_BYTES);
        assert!(query.summary.len() <= MAX_SUMMARY_BYTES);
        // A text that ends outside of quotes and comments, as the number behind it shows, may be followed by a string.
        let probe = sanitize(&format!("{text} 1"), dialect);
        let has_secret = text.contains(SECRET);
        let outside = !has_secret && probe.text.ends_with(" ?") && sanitize(&format!("{text} x"), dialect).text.ends_with(" x");
        if outside && !text.trim_end().ends_with(['\'', '"', '`', '$']) {
            let query = sanitize(&format!("{text} '{SECRET}'"), dialect);
            assert!(!query.text.contains(SECRET), "{dialect:?} {}", query.text);
            assert!(!query.summary.contains(SECRET), "{dialect:?} {}", query.summary);
        }
    }
});
