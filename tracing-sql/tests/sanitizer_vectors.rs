//! The texts and summaries of OpenTelemetry's Java instrumentation, taken from its own tests.

use std::path::Path;

use serde_json::Value;
use tracing_sql::sanitize::{Dialect, sanitize};

/// A case that differs on purpose.
struct Different {
    input: &'static str,
    why: &'static str,
}

const DIGITS_IN_COMMENT: &str = "a comment with a digit may hold a literal or the id of a request";
const ROWS: &str = "a batch of any size has one text";
const HQL: &str = "HQL, which never reaches a server: an operation is not made up";

const TEXTS: &[Different] = &[
    Different { input: "SELECT * FROM (VALUES (1,2), (3,4)) AS t(a, b)", why: ROWS },
    Different { input: "VALUES (1, 'a'), (2, 'b')", why: ROWS },
    Different { input: "WITH cte AS (VALUES (1, 'a'), (2, 'b')) SELECT * FROM cte", why: ROWS },
    Different { input: "select col /* from table2 */ from table", why: DIGITS_IN_COMMENT },
    Different { input: "SELECT --83", why: DIGITS_IN_COMMENT },
    Different { input: "GRANT SELECT ON users TO admin /* PASSWORD Password1 */", why: DIGITS_IN_COMMENT },
    Different {
        input: "SELECT x, y, z FROM \"schema\".\"table\"",
        why: "where double quotes make strings, a dot beside them does not change that",
    },
];

const SUMMARIES: &[Different] = &[
    Different { input: "from TABLE WHERE FIELD=1234", why: HQL },
    Different { input: "from schema.table", why: HQL },
    Different { input: "FROM schema.table", why: HQL },
    Different { input: "/* update comment */ from table1", why: HQL },
    Different { input: "SELECT * FROM (t UNION SELECT * FROM t2), t3", why: "t3 is read as well" },
    Different {
        input: "call next value for hibernate_sequence",
        why: "H2's sequences: no database of sqlx calls them like this",
    },
];

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/sql_sanitizer.json");
    let json = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("the test vectors are missing at {}: {error}", path.display()));
    serde_json::from_str::<Vec<Value>>(&json).expect("the test vectors are a list")
}

fn asserts(case: &Value, field: &str) -> bool {
    case["asserted"].as_array().is_some_and(|fields| fields.iter().any(|name| name == field))
}

fn dialect(case: &Value) -> Dialect {
    match case["dialect"].as_str() {
        Some("double_quotes_are_identifiers") => Dialect::PostgreSql,
        Some("double_quotes_are_string_literals") => Dialect::Generic,
        other => panic!("a dialect that this test does not know: {other:?}"),
    }
}

/// Compares the results of `ours` with those of upstream, and returns the percentage of equal ones.
fn compare(field: &str, key: &str, known: &[Different], ours: impl Fn(&str, Dialect) -> String) -> f64 {
    let (mut equal, mut all, mut wrong) = (0_u32, 0_u32, String::new());
    for case in cases() {
        let Some(input) = case["input"].as_str() else { continue };
        if !asserts(&case, field) {
            continue;
        }
        all += 1;
        let expected = case[key].as_str().unwrap_or_default();
        let found = ours(input, dialect(&case));
        let listed = known.iter().find(|different| different.input == input);
        if found == expected {
            equal += 1;
            assert!(listed.is_none(), "{input:?} is listed as different, and is not");
        } else if listed.is_none() {
            wrong += &format!("{input:?}\n  expected {expected:?}\n  found    {found:?}\n");
        }
    }
    for different in known {
        assert!(!different.why.is_empty(), "{}", different.input);
    }
    let percent = f64::from(equal) * 100.0 / f64::from(all);
    assert!(wrong.is_empty(), "{wrong}");
    percent
}

#[test]
fn texts() {
    let percent = compare("sanitized", "sanitized", TEXTS, |input, dialect| sanitize(input, dialect).text);
    println!("{percent:.1} % of the texts are equal");
    assert!(percent >= 95.0, "{percent}");
}

#[test]
fn summaries() {
    let percent =
        compare("stable.summary", "summary", SUMMARIES, |input, dialect| sanitize(input, dialect).summary);
    println!("{percent:.1} % of the summaries are equal");
    assert!(percent >= 90.0, "{percent}");
}
