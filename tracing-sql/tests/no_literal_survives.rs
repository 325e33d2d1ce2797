//! A secret in place of any literal appears neither in the text nor in the summary.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use tracing_sql::sanitize::{Dialect, MAX_SUMMARY_BYTES, MAX_TEXT_BYTES, sanitize};

const DIALECTS: [Dialect; 4] = [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite, Dialect::Generic];

/// The position of the literal.
const FRAMES: &[&str] = &[
    "SELECT @",
    "SELECT @ AS x, a FROM t WHERE b = @ AND c IN (@, 1, @) ORDER BY d",
    "select*from t where a=@and b<>@",
    "INSERT INTO t (a, b) VALUES (@, @), (@, @)",
    "INSERT INTO t VALUES (@) RETURNING id",
    "UPDATE t SET a = @, b = upper(@) WHERE c BETWEEN @ AND @",
    "DELETE FROM t WHERE a LIKE @ OR (b, c) = (@, @)",
    "SELECT * FROM f(@, ARRAY[@, @]) WHERE x[@] > @",
    "WITH q AS (SELECT @ AS a) SELECT * FROM q WHERE a > ALL (SELECT @)",
    "CALL p(@, @)",
    "SET x = @",
    "CREATE TABLE t (a TEXT DEFAULT @)",
    "CREATE USER u PASSWORD @",
    "ALTER USER u IDENTIFIED BY @",
    "GRANT ALL ON d TO @ IDENTIFIED BY @; SELECT @",
    "SELECT /* words */ @ -- more words\n, @ FROM t",
    "SELECT CASE WHEN a = @ THEN @ ELSE @ END FROM t LIMIT @ OFFSET @",
    "COPY t FROM @",
    "EXPLAIN SELECT @",
    "SELECT 1 /* was @ */ FROM t",
    "SELECT a FROM t WHERE b IN (@, (SELECT @ FROM t))",
    "((((@",
    "@ @ @",
    "IN (@",
];

/// Text that closes the comment or the bracketed name around it is not a literal there.
fn fits(frame: &str, literal: &str, dialect: Dialect) -> bool {
    let closes_name = dialect == Dialect::Sqlite && frame.contains("[@") && literal.contains(']');
    !(closes_name || (frame.contains("/* was") && literal.contains("*/")))
}

fn dollar(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::PostgreSql | Dialect::Generic)
}

/// Returns all ways to write `secret` as a literal of `dialect`.
fn literals(secret: &str, dialect: Dialect) -> Vec<String> {
    let mut all = vec![
        format!("'{secret}'"),
        format!("'it''s {secret}'"),
        format!("'a \" ` -- /* {secret} */ $$ ] '"),
        format!("'\n{secret}\n'"),
        format!("N'{secret}'"),
        format!("X'{secret}'"),
        format!("date '{secret}'"),
    ];
    if dollar(dialect) {
        all.extend([
            format!("$${secret}$$"),
            format!("$a_1$ ' {secret} $$ $b$ $a_1$"),
            format!("E'a\\'{secret}'"),
            format!("e'\\\\' 'x\\' {secret}'"),
            format!("U&'\\0041{secret}'"),
        ]);
    }
    match dialect {
        Dialect::MySql => all.extend([
            format!("\"{secret}\""),
            format!("\"a\\\"{secret}\""),
            format!("'a\\'{secret}'"),
            format!("_utf8mb4'{secret}'"),
            format!("5--'a\n {secret}'"),
            format!("/*! 'a */ {secret}' */ 1"),
        ]),
        Dialect::Generic => all.extend([format!("\"{secret}\""), format!("\"a\"\"{secret}\"")]),
        Dialect::Sqlite => all.push(format!("'a\\' || '{secret}'")),
        _ => {}
    }
    all
}

fn check(sql: &str, secret: &str, dialect: Dialect) -> Result<(), TestCaseError> {
    let query = sanitize(sql, dialect);
    prop_assert!(!query.text.contains(secret), "{dialect:?}: {sql}\n{}", query.text);
    prop_assert!(!query.summary.contains(secret), "{dialect:?}: {sql}\n{}", query.summary);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn of_strings(letters in "[a-z]{12}", digits in "[0-9]{6}") {
        let secret = format!("{letters}{digits}");
        for dialect in DIALECTS {
            for literal in literals(&secret, dialect) {
                for frame in FRAMES.iter().filter(|frame| fits(frame, &literal, dialect)) {
                    check(&frame.replace('@', &literal), &secret, dialect)?;
                }
            }
        }
    }

    #[test]
    fn of_numbers(digits in "[1-9][0-9]{8}") {
        let forms = ["", "-", "+", "0x", ".", "1.", "1e", "1E-", "2020-01-", "1_"];
        for dialect in DIALECTS {
            for form in forms {
                for frame in FRAMES {
                    check(&frame.replace('@', &format!("{form}{digits}")), &digits, dialect)?;
                }
            }
        }
    }

    #[test]
    fn that_are_not_closed(secret in "[a-z]{12}[0-9]{4}") {
        for dialect in DIALECTS {
            for literal in literals(&secret, dialect) {
                let cut = literal.trim_end_matches(['\'', '"', '$', ' ']);
                for frame in FRAMES.iter().filter(|frame| fits(frame, &literal, dialect)) {
                    let begin = frame.split('@').next().unwrap_or_default();
                    check(&format!("{begin}{cut}"), &secret, dialect)?;
                }
            }
        }
    }

    #[test]
    fn of_users_without_quotes(secret in "[a-z]{12}[0-9]{4}", more in "[a-z ]{0,20}") {
        for dialect in DIALECTS {
            for sql in ["CREATE USER u PASSWORD ", "ALTER USER u IDENTIFIED BY ", "alter role u with\npassword "] {
                check(&format!("{sql}{secret} {more}"), &secret, dialect)?;
            }
        }
    }

    #[test]
    fn any_text_is_read_within_bounds(sql in "\\PC{0,300}") {
        for dialect in DIALECTS {
            let query = sanitize(&sql, dialect);
            prop_assert!(query.text.len() <= MAX_TEXT_BYTES);
            prop_assert!(query.summary.len() <= MAX_SUMMARY_BYTES);
        }
    }

    #[test]
    fn signs_in_any_order_are_read_within_bounds(
        parts in prop::collection::vec(
            prop::sample::select(vec!["'", "\"", "`", "$$", "$a$", "/*", "*/", "--", "\n", "\\", "(", ")", "[", "]",
                "E'", "é", "SELECT", " FROM ", ",", ";", "IN (", "1", ".", "/*!", "#", "PASSWORD ", "WITH a AS ("]),
            0..60,
        )
    ) {
        for dialect in DIALECTS {
            let sql = parts.concat();
            let query = sanitize(&sql, dialect);
            prop_assert!(query.text.len() <= MAX_TEXT_BYTES);
            prop_assert!(!query.text.contains('1') || dialect == Dialect::PostgreSql || sql.contains('`')
                || sql.contains('[') || sql.contains('"') || sql.contains("$1") || sql.contains("SELECT1")
                || sql.contains('é') || sql.contains("a1") || sql.contains('$'), "{dialect:?} {sql} {}", query.text);
        }
    }
}

#[test]
fn a_query_of_megabytes_is_read_in_time() {
    let hard = [
        format!("SELECT 1 IN ({})", "1,".repeat(1 << 20)),
        "(".repeat(1 << 21),
        "/*".repeat(1 << 20),
        "$a".repeat(1 << 20),
        format!("SELECT '{}", "''".repeat(1 << 20)),
        format!("INSERT INTO t VALUES {}", "('a'),".repeat(1 << 19)),
        format!("$a$ {}", "$".repeat(1 << 21)),
        format!("WITH {} SELECT 1", "a AS (SELECT 1),".repeat(1 << 17)),
    ];
    for dialect in DIALECTS {
        for sql in &hard {
            let begin = Instant::now();
            let query = sanitize(sql, dialect);
            assert!(begin.elapsed() < Duration::from_secs(2), "{dialect:?} {}", &sql[..20]);
            assert!(query.text.len() <= MAX_TEXT_BYTES);
        }
    }
}
