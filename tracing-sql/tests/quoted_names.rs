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
