//! A name in double quotes is shown wherever it cannot be a string.

use tracing_sql::sanitize::Dialect::{self, MySql, PostgreSql, Sqlite, SqliteQuotedNames};
use tracing_sql::sanitize::sanitize;

fn check(cases: &[(&str, &str)], dialect: Dialect) {
    for (sql, text) in cases {
        assert_eq!(sanitize(sql, dialect).text, *text, "{dialect:?} {sql}");
    }
}

#[test]
fn where_sqlite_accepts_nothing_but_a_name() {
    check(
        &[
            (
                r#"SELECT "a", "t"."b" AS "c" FROM "t" JOIN "main"."u" USING ("d")"#,
                r#"SELECT ?, "t"."b" AS "c" FROM "t" JOIN "main"."u" USING ("d")"#,
            ),
            (
                r#"INSERT INTO "t" ("a", "b") VALUES ("c", 'd')"#,
                r#"INSERT INTO "t" ("a", "b") VALUES (?, ?)"#,
            ),
            (
                r#"UPDATE "t" SET "a" = ?, "b" = "c" WHERE "d" = "e""#,
                r#"UPDATE "t" SET "a" = ?, "b" = ? WHERE ? = ?"#,
            ),
            (
                r#"INSERT INTO "t" ("a") VALUES (?) ON CONFLICT ("a") DO UPDATE SET "b" = "c", "d" = "excluded"."d""#,
                r#"INSERT INTO "t" ("a") VALUES (?) ON CONFLICT ("a") DO UPDATE SET "b" = ?, "d" = "excluded"."d""#,
            ),
            (
                r#"CREATE TABLE "t" ("a" INTEGER, "b" TEXT DEFAULT "c", PRIMARY KEY ("a"), UNIQUE ("b"))"#,
                r#"CREATE TABLE "t" ("a" INTEGER, "b" TEXT DEFAULT ?, PRIMARY KEY ("a"), UNIQUE ("b"))"#,
            ),
            (r#"UPDATE t SET a = f("b", "c" = 1)"#, "UPDATE t SET a = f(?, ? = ?)"),
        ],
        Sqlite,
    );
}

#[test]
fn where_the_statement_has_shown_it_before() {
    check(
        &[
            (
                r#"UPDATE "t" SET "a" = ? WHERE "a" = ? AND "b" = ?; SELECT "a""#,
                r#"UPDATE "t" SET "a" = ? WHERE "a" = ? AND ? = ?; SELECT ?"#,
            ),
            (
                r#"INSERT INTO "t" ("a") VALUES (?) RETURNING "a", "b""#,
                r#"INSERT INTO "t" ("a") VALUES (?) RETURNING "a", ?"#,
            ),
            (r#"SELECT t."a" FROM t ORDER BY "a""#, r#"SELECT t."a" FROM t ORDER BY "a""#),
        ],
        Sqlite,
    );
}

#[test]
fn everywhere_in_programs_that_quote_names_alone() {
    let sql = r#"SELECT "id" FROM "users" WHERE "email" = ? AND name = 'x'"#;
    let text = r#"SELECT "id" FROM "users" WHERE "email" = ? AND name = ?"#;
    check(&[(sql, text)], SqliteQuotedNames);
    check(&[(sql, text)], PostgreSql);
    check(&[(sql, "SELECT ? FROM ? WHERE ? = ? AND name = ?")], MySql);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn in_the_spans_of_a_pool_that_is_set_so() {
    let spans = tracing_core_lite::testing::TestSpans::new();
    let pool =
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let pool = tracing_sql::TracedPool::new(pool).with_provider(spans.provider());
    let sql = r#"SELECT "id" FROM (SELECT 1 AS "id") AS "t" WHERE "id" = 2"#;
    sqlx::query(sql).execute(&pool.clone().with_quoted_names(true)).await.unwrap();
    sqlx::query(r#"SELECT "x""#).execute(&pool).await.unwrap();
    let texts: Vec<_> = spans
        .finished()
        .iter()
        .filter_map(|finished| finished.span.text("db.query.text").map(str::to_owned))
        .collect();
    assert_eq!(texts, [r#"SELECT "id" FROM (SELECT ? AS "id") AS "t" WHERE "id" = ?"#, "SELECT ?"]);
}
