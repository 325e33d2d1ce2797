//! A list of values has the same text whatever its length.

use tracing_sql::sanitize::Dialect::{self, Generic, MySql, PostgreSql, Sqlite};
use tracing_sql::sanitize::{MAX_TEXT_BYTES, sanitize};

const ALL: [Dialect; 4] = [PostgreSql, MySql, Sqlite, Generic];

/// Returns the text of `frame` with `count` rows instead of `@`. `n` in a row is the row's number.
fn text(frame: &str, row: &str, count: usize, dialect: Dialect) -> String {
    let rows: Vec<_> = (1..=count).map(|number| row.replace('n', &number.to_string())).collect();
    sanitize(&frame.replace('@', &rows.join(", ")), dialect).text
}

#[test]
fn rows_are_shown_once() {
    let frames = [
        "INSERT INTO t (a, b) VALUES @",
        "INSERT INTO t VALUES @ RETURNING id",
        "INSERT INTO t VALUES @ ON CONFLICT (a) DO UPDATE SET b = excluded.b; SELECT 1",
        "INSERT INTO t VALUES @ ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b)",
        "SELECT * FROM (VALUES @) AS v (a, b) JOIN t ON t.a = v.a",
        "UPDATE t SET b = v.b FROM (VALUES @) v (a, b) WHERE t.a = v.a",
        "SELECT 1 FROM t WHERE (a, b) IN (@) AND c = 1",
        "DELETE FROM t WHERE (a, b) NOT IN (@)",
    ];
    let rows = [
        "(n, 'n')",
        "(n,'n')",
        "( n , 'n' )",
        "(n, now())",
        "(NULL, DEFAULT)",
        "(n, (n, n))",
        "(-n, 'a' || 'n')",
        "(x'n', DATE 'n')",
    ];
    for dialect in ALL {
        for frame in frames {
            for row in rows {
                let one = text(frame, row, 1, dialect);
                for count in [2, 3, 100, 5_000] {
                    assert_eq!(text(frame, row, count, dialect), one, "{dialect:?} {frame} {row}");
                }
            }
        }
    }
}

#[test]
fn rows_of_parameters_are_shown_once() {
    for (dialect, row) in [
        (PostgreSql, "($n, $n)"),
        (PostgreSql, "($n::uuid, $n::text)"),
        (MySql, "(?, ?)"),
        (Sqlite, "(?n, ?n)"),
        (Sqlite, "(:an, @bn)"),
        (Generic, "(@Pn, @Pn)"),
    ] {
        for frame in ["INSERT INTO t VALUES @ RETURNING id", "SELECT 1 FROM t WHERE (a, b) IN (@)"] {
            let frame = frame.replace('@', "\u{1}");
            let with = |count: usize| {
                let rows: Vec<_> = (1..=count).map(|number| row.replace('n', &number.to_string())).collect();
                sanitize(&frame.replace('\u{1}', &rows.join(", ")), dialect).text
            };
            for count in [2, 3, 1_000] {
                assert_eq!(with(count), with(1), "{dialect:?} {row}");
            }
        }
    }
}

#[test]
fn texts() {
    for (dialect, sql, text) in [
        (PostgreSql, "INSERT INTO t (a,b) VALUES ($1, $2), ($3, $4)", "INSERT INTO t (a,b) VALUES ($1, $2)"),
        (PostgreSql, "a IN ((1,2),(3,4))", "a IN ((?,?))"),
        (PostgreSql, "a IN (1, 2, 3)", "a IN (?)"),
        (PostgreSql, "a IN (1,2) OR b NOT IN ('x')", "a IN (?) OR b NOT IN (?)"),
        (PostgreSql, "a IN ($1, $2, $3)", "a IN (?)"),
        (PostgreSql, "a IN ()", "a IN ()"),
        (PostgreSql, "a = ANY (ARRAY[1, 2])", "a = ANY (ARRAY[?])"),
        (PostgreSql, "a IN (SELECT 1)", "a IN (SELECT ?)"),
        (PostgreSql, "a IN ($1::uuid, $2::uuid)", "a IN ($1::uuid)"),
        (PostgreSql, "a IN (b, 1, 2)", "a IN (b, ?)"),
        (PostgreSql, "VALUES (1, ARRAY[1,2]), (2, ARRAY[3])", "VALUES (?, ARRAY[?])"),
        (PostgreSql, "VALUES (a), (b), (1)", "VALUES (a), (b)"),
        (
            PostgreSql,
            "VALUES (1, 2), (3, (SELECT a FROM b)), (5, 6)",
            "VALUES (?, ?), (?, (SELECT a FROM b))",
        ),
        (MySql, "VALUES ROW(1,2), ROW(3,4)", "VALUES ROW(?,?)"),
        (MySql, "INSERT INTO t VALUE (1),(2)", "INSERT INTO t VALUE (?)"),
        (MySql, "INSERT INTO t VALUES (1, NULL), (NULL, 'a')", "INSERT INTO t VALUES (?, NULL)"),
    ] {
        assert_eq!(sanitize(sql, dialect).text, text, "{dialect:?} {sql}");
    }
}

#[test]
fn a_long_list_does_not_hide_what_follows_it() {
    for dialect in ALL {
        let sql = format!("INSERT INTO t VALUES {} RETURNING id", vec!["(1, 'a')"; 20_000].join(", "));
        assert_eq!(sanitize(&sql, dialect).text, "INSERT INTO t VALUES (?, ?) RETURNING id");
        let names = format!("SELECT 1 IN ({})", ["a.b + c.d"; 2].join(", ") + &", e".repeat(MAX_TEXT_BYTES));
        assert!(sanitize(&names, dialect).text.len() <= MAX_TEXT_BYTES);
    }
}
