//! Unquoted values in a query do not reach the span.

use proptest::prelude::*;
use tracing_sql::sanitize::Dialect::{self, Generic, MySql, PostgreSql, Sqlite, SqliteQuotedNames};
use tracing_sql::sanitize::sanitize;

const ALL: [Dialect; 5] = [PostgreSql, MySql, Sqlite, SqliteQuotedNames, Generic];

/// Positions that hide a word in each dialect. `@` stands for the word.
const EVERYWHERE: &[&str] = &[
    "SET app.secret TO @",
    "SET app.secret = @",
    "SET LOCAL app.secret = @",
    "SET SESSION app.secret TO @, @",
    "set\n x :=\t@",
    "SET \"app\".\"secret\" TO \"@\"",
    "SET x TO @; SELECT 1",
    "SET PASSWORD = @",
    "SET PASSWORD FOR u = PASSWORD(@)",
    "ALTER ROLE r SET app.secret = @",
    "ALTER ROLE ALL IN DATABASE d SET app.secret TO @",
    "ALTER USER u SET app.secret TO \"@\"",
    "ALTER DATABASE d SET app.secret TO @",
    "ALTER SYSTEM SET app.secret = @",
    "ALTER SESSION SET app.secret = @",
    "ALTER FUNCTION f() SET app.secret TO @",
    "CREATE FUNCTION f() RETURNS int SET app.secret TO @ AS 'x'",
    "PRAGMA key = @",
    "PRAGMA key(@)",
    "PRAGMA key = \"@\"",
    "PRAGMA rekey=@",
    "PRAGMA hexkey = [@]",
    "PRAGMA main.key = @",
    "PRAGMA main.rekey (@)",
    "PRAGMA textkey @",
    "PRAGMA key = \"x'@'\"",
    "ATTACH DATABASE 'f' AS d KEY @",
    "COPY t FROM stdin;\n1\t@\n",
    "COPY t (a, b) FROM STDIN WITH (FORMAT csv);\n@,'x\n\"@\n\\.\nSELECT 1",
    "COPY t FROM stdin; -- words\n@",
    "CREATE USER u PASSWORD @",
    "CREATE USER u WITH PASSWORD @ VALID UNTIL 'x'",
    "CREATE ROLE r LOGIN ENCRYPTED PASSWORD @ CREATEDB",
    "CREATE LOGIN l WITH PASSWORD = @ MUST_CHANGE",
    "ALTER LOGIN l WITH PASSWORD = @ OLD_PASSWORD = @",
    "ALTER USER u IDENTIFIED BY @",
    "ALTER USER u IDENTIFIED BY @ REPLACE @",
    "ALTER USER u IDENTIFIED BY @#$@!x ACCOUNT LOCK",
    "CREATE USER u IDENTIFIED WITH sha256_password BY @ REQUIRE NONE",
    "CREATE USER u IDENTIFIED WITH p AS @",
    "CREATE USER u IDENTIFIED BY VALUES @",
    "CREATE USER u IDENTIFIED VIA p USING PASSWORD(@) OR q USING @",
    "GRANT ALL ON d TO u IDENTIFIED BY @ WITH GRANT OPTION",
    "SET ROLE r IDENTIFIED BY @",
    "CREATE USER MAPPING FOR u SERVER s OPTIONS (user @, password @)",
    "ALTER SERVER s OPTIONS (SET password @, ADD host @, DROP port)",
    "CREATE SECRET s (TYPE s3, KEY_ID @, SECRET @)",
    "CREATE CREDENTIAL c WITH IDENTITY = 'i', SECRET = @",
    "CREATE STAGE s CREDENTIALS=(AWS_KEY_ID=@ AWS_SECRET_KEY=@) FILE_FORMAT = f",
    "CREATE DATABASE LINK l CONNECT TO u IDENTIFIED BY @ USING 'x'",
    "CREATE MASTER KEY ENCRYPTION BY PASSWORD = @",
    "OPEN SYMMETRIC KEY k DECRYPTION BY PASSWORD = @",
    "ALTER CERTIFICATE c WITH PRIVATE KEY (DECRYPTION BY PASSWORD = @, ENCRYPTION BY PASSWORD = @)",
    "BACKUP DATABASE d TO DISK = 'x' WITH PASSWORD = @, INIT",
    "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = @, SOURCE_PORT = 3306",
    "CHANGE MASTER TO MASTER_PASSWORD=@",
    "ADMINISTER KEY MANAGEMENT SET KEYSTORE OPEN IDENTIFIED BY @ WITH BACKUP",
    "CREATE TABLE t (a int) WITH (connector = 'x', sasl_password = @, api_key = @)",
    "CONNECT scott/@",
    "CONNECT scott/@@db",
    "CONNECT u PASSWORD @",
    "CONNECT TO db USER u USING @",
    "CONNECT TO db USER u USING @ NEW @ CONFIRM @",
    "\u{feff}SET app.secret TO @",
    "\u{feff}PRAGMA key = @",
    "\u{feff}\nALTER USER u IDENTIFIED BY @",
    "DEFINE pw = @",
    "SELECT 1 -- words\0 @",
    "SELECT 1 -- words\0 '\n@ '",
    "SELECT 1\0 @",
    "SELECT '@' -- it's\n",
    "ALTER ACCOUNT SET x = @",
    "ALTER WAREHOUSE w SET x = @",
    "ALTER DATABASE SET x = @",
    "ALTER SUBSCRIPTION s SET x = @",
    "EXPLAIN SET x = @",
    "EXPLAIN PRAGMA key = @",
    "EXPLAIN ANALYZE ALTER ROLE r SET x = @",
    "SET STATEMENT x = @ FOR SELECT 1",
    "SET lock_timeout = 1, app.secret = @",
    "CREATE TABLE t (a int) OPTIONS (password = @, user @)",
    "CREATE TABLE t (a int) OPTIONS (host @)",
    "ATTACH 'f' AS d (TYPE postgres, SECRET @)",
    "START REPLICA USER = 'u' PASSWORD = @",
    "START GROUP_REPLICATION USER = 'u', PASSWORD = @",
    "CREATE USER u IDENTIFIED WITH p BY @ SALT @",
    "GRANT CONNECT TO u, v IDENTIFIED BY @, @",
    "GRANT CONNECT TO u IDENTIFIED BY @, v IDENTIFIED BY @",
    "COPY t FROM 's3://b' ACCESS_KEY_ID @ SECRET_ACCESS_KEY @ SESSION_TOKEN @",
    "COPY INTO t FROM 'x' CREDENTIALS = (AWS_KEY_ID = @ AWS_SECRET_KEY = @) ENCRYPTION = (MASTER_KEY = @)",
    "UNLOAD ('q') TO 's3://b' SECRET_ACCESS_KEY @ MASTER_SYMMETRIC_KEY @",
    "CREATE SINK s WITH (\"password\" = @)",
    "CREATE CATALOG c WITH (\"connection-password\" = @)",
    "CREATE SECRET s TYPE = PASSWORD USERNAME = 'u' PASSWORD = @",
    "/*! SET x = @ */",
    "/*M! SET x = @ */",
];

/// Positions that hide a word in other databases.
const ELSEWHERE: &[&str] = &[
    "EXEC sp_addlogin bob, @",
    "EXEC sp_addlogin @, 'x'",
    "EXEC dbo.p @x = @, @y = \"@\"",
    "EXEC @rc = dbo.p [@]",
    "EXECUTE p @",
    "sp_password NULL, @, bob",
    "INSERT INTO t EXEC p @",
    "INSERT INTO t FORMAT CSV\n1,@\n2,'x",
    "INSERT INTO t (a, b) FORMAT JSONEachRow {\"a\": @}",
    "SELECT q'[it's @]'",
    "SELECT Q'{@}', q'<@>', q'(@)', q'!it's @!', nq'[@']', NQ'é@é'",
    "SELECT q'[@",
    "SET NOCOUNT ON EXEC sp_addlogin bob, @",
    "SET NOCOUNT ON\nSET XACT_ABORT ON\nEXECUTE dbo.p @",
    "SET NOCOUNT ON SET app.secret = @",
    "SET NOCOUNT ON ALTER LOGIN l WITH PASSWORD = @",
    "USE master CREATE LOGIN l WITH PASSWORD = @ OLD_PASSWORD = @",
    "SELECT 1 ALTER LOGIN l WITH PASSWORD = @",
    "SELECT a FROM t EXEC p @",
    "UPDATE t SET a = 1 EXEC [dbo].[p] @",
    "CREATE PROC p AS EXEC q @",
    "CREATE TRIGGER r ON t AFTER INSERT AS EXECUTE q @",
    "IF 1 = 1 EXEC p @ ELSE EXEC q @",
    "dbo.sp_setapprole r, @",
    "master..xp_cmdshell @",
    "SELECT a FROM t SETTINGS format_secret = @",
    "SELECT a FROM t SETTINGS max_threads = 4, x = @ FORMAT JSON",
    "INSERT INTO t SETTINGS a = @ FORMAT CSV\n@",
];

fn check(sql: &str, word: &str, dialect: Dialect) -> Result<(), TestCaseError> {
    let query = sanitize(sql, dialect);
    prop_assert!(!query.text.contains(word), "{dialect:?}: {sql:?}\n{:?}", query.text);
    prop_assert!(!query.summary.contains(word), "{dialect:?}: {sql:?}\n{:?}", query.summary);
    Ok(())
}

fn put(frame: &str, word: &str) -> String {
    // `@x` and `@rc` are variables.
    frame
        .replace("@x", "\u{1}x")
        .replace("@y", "\u{1}y")
        .replace("@rc", "\u{1}rc")
        .replace('@', word)
        .replace('\u{1}', "@")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn in_any_dialect(word in "[a-z]{10}[0-9]{0,4}") {
        for frame in EVERYWHERE {
            for dialect in ALL {
                check(&put(frame, &word), &word, dialect)?;
            }
        }
    }

    #[test]
    fn in_other_databases(word in "[a-z]{10}[0-9]{0,4}") {
        for frame in ELSEWHERE {
            check(&put(frame, &word), &word, Generic)?;
        }
    }

    #[test]
    fn in_the_body_of_a_routine_in_another_language(word in "[a-z]{10}") {
        for dialect in [PostgreSql, MySql, Generic] {
            for quote in ["$$", "$js$"] {
                let sql = format!("CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS {quote} return '{word}' + {word}; {quote}");
                check(&sql, &word, dialect)?;
            }
        }
    }

    #[test]
    fn that_is_a_uuid(uuid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") {
        for dialect in ALL {
            let query = sanitize(&format!("SELECT a FROM t WHERE id = {uuid} AND b IN ({uuid},{uuid})"), dialect);
            prop_assert_eq!(query.text, "SELECT a FROM t WHERE id = ? AND b IN (?)");
        }
    }

    #[test]
    // A line break becomes a space, so the rest of a text with a `--` comment is a comment the second time.
    fn a_text_is_the_same_when_it_is_sanitized_twice(
        word in "[a-z]{6}",
        parts in prop::collection::vec(
            prop::sample::select(vec!["SELECT ", "a", " FROM ", "'x'", "\"n\"", ", ", "; ", "IN (", "1", ")", " VALUES (", "), (",
                "SET x = ", "PASSWORD ", "/* 1 */", "/* c */", "CREATE USER u ", "PRAGMA key = ", "EXEC p ", " = "]),
            0..30,
        )
    ) {
        for dialect in ALL {
            for frame in EVERYWHERE.iter().chain(ELSEWHERE).filter(|frame| !frame.contains("--")) {
                let once = sanitize(&put(frame, &word), dialect).text;
                prop_assert_eq!(&sanitize(&once, dialect).text, &once, "{:?} {}", dialect, frame);
            }
            let once = sanitize(&parts.concat(), dialect).text;
            prop_assert_eq!(&sanitize(&once, dialect).text, &once, "{:?}", dialect);
        }
    }
}

#[test]
fn harmless_settings_stay_visible() {
    for (dialect, sql, text) in [
        (PostgreSql, "SET search_path TO shop, public", "SET search_path TO shop, public"),
        (PostgreSql, "SET TIME ZONE UTC", "SET TIME ZONE UTC"),
        (PostgreSql, "SET LOCAL TIME ZONE 'UTC'", "SET LOCAL TIME ZONE ?"),
        (PostgreSql, "SET SESSION AUTHORIZATION bob", "SET SESSION AUTHORIZATION bob"),
        (PostgreSql, "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL DEFERRED"),
        (PostgreSql, "SET statement_timeout TO DEFAULT", "SET statement_timeout TO DEFAULT"),
        (PostgreSql, "SET app.secret TO DEFAULT", "SET app.secret TO DEFAULT"),
        (PostgreSql, "ALTER ROLE r SET search_path TO shop", "ALTER ROLE r SET search_path TO shop"),
        (
            PostgreSql,
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        ),
        (MySql, "SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SET NAMES utf8mb4 COLLATE utf8mb4_bin"),
        (MySql, "SET autocommit=0, sql_log_bin=ON", "SET autocommit=?, sql_log_bin=ON"),
        (MySql, "SET @@session.sql_mode = ANSI, x = word", "SET @@session.sql_mode = ANSI, x = ?"),
        (MySql, "SET @a = (SELECT b FROM c WHERE d = e)", "SET @a = (SELECT b FROM c WHERE d = e)"),
        (MySql, "SET @a = @b, @c = d + 1", "SET @a = @b, @c = d + ?"),
        (Sqlite, "PRAGMA journal_mode = WAL", "PRAGMA journal_mode = WAL"),
        (Sqlite, "PRAGMA main.table_info(orders)", "PRAGMA main.table_info(orders)"),
        (Generic, "SET NOCOUNT ON", "SET NOCOUNT ON"),
        (Generic, "SET ANSI_NULLS, QUOTED_IDENTIFIER ON", "SET ANSI_NULLS, QUOTED_IDENTIFIER ON"),
        (Generic, "ALTER SESSION SET current_schema = shop", "ALTER SESSION SET current_schema = shop"),
    ] {
        assert_eq!(sanitize(sql, dialect).text, text, "{dialect:?}");
    }
}

#[test]
fn text_that_only_resembles_a_setting_is_kept() {
    for sql in [
        "UPDATE t SET a = b, c = d WHERE password = e",
        "INSERT INTO t (a) SELECT b FROM c ON CONFLICT (a) DO UPDATE SET a = excluded.b",
        "MERGE INTO t USING s ON a = b WHEN MATCHED THEN UPDATE SET c = d",
        "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
        "ALTER TABLE t SET SCHEMA s",
        "CREATE TABLE options (id int, password text, token text)",
        "INSERT INTO options (password) SELECT secret FROM t",
        "GRANT EXECUTE ON p TO u",
        "GRANT SELECT ON password TO u",
        "SELECT format FROM t",
        "SELECT exec, pragma FROM t",
        "SELECT exec FROM t WHERE execute AND exec IS NULL ORDER BY exec DESC",
        "GRANT EXECUTE TO u",
        "GRANT CREATE ANY TABLE, EXECUTE ANY PROCEDURE TO u",
        "CREATE PROC p WITH EXECUTE AS OWNER AS SELECT a FROM b",
        "CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(a)",
        "SELECT settings FROM settings s JOIN t settings ON a = b",
        "UPDATE t settings SET a = b",
        "ALTER TABLE t ALTER COLUMN c SET NOT NULL, RENAME TO d",
        "ALTER DATABASE d SET RECOVERY SIMPLE",
        "ALTER SUBSCRIPTION s SET PUBLICATION a, b",
        "COPY t (id, token, password) FROM stdin",
        "CREATE TABLE salt (salt text, session_token text)",
        "START TRANSACTION READ ONLY",
        "EXPLAIN ANALYZE SELECT a FROM t WHERE password = b",
    ] {
        for dialect in ALL {
            assert_eq!(sanitize(sql, dialect).text, sql, "{dialect:?}");
        }
    }
}

#[test]
fn the_statement_continues_after_a_secret() {
    for (sql, text) in [
        (
            "ALTER CERTIFICATE c WITH PRIVATE KEY (DECRYPTION BY PASSWORD = 'x', ENCRYPTION BY PASSWORD = 'y')",
            "ALTER CERTIFICATE c WITH PRIVATE KEY (DECRYPTION BY PASSWORD = ?, ENCRYPTION BY PASSWORD = ?)",
        ),
        ("CREATE USER u PASSWORD word CREATEDB", "CREATE USER u PASSWORD ? CREATEDB"),
        (
            "CREATE USER u IDENTIFIED BY p#w$1! DEFAULT TABLESPACE users",
            "CREATE USER u IDENTIFIED BY ? DEFAULT TABLESPACE users",
        ),
        (
            "CREATE LOGIN l WITH PASSWORD = 'x' MUST_CHANGE, CHECK_POLICY = ON",
            "CREATE LOGIN l WITH PASSWORD = ? MUST_CHANGE, CHECK_POLICY = ON",
        ),
        (
            "GRANT ALL ON d TO u IDENTIFIED BY word WITH GRANT OPTION; SELECT a FROM b",
            "GRANT ALL ON d TO u IDENTIFIED BY ? WITH GRANT OPTION; SELECT a FROM b",
        ),
        (
            "BACKUP DATABASE d TO x WITH PASSWORD = word, INIT",
            "BACKUP DATABASE d TO x WITH PASSWORD = ?, INIT",
        ),
        ("COPY t FROM stdin;\n1\tsecret\n\\.\nSELECT a FROM t", "COPY t FROM stdin; ? SELECT a FROM t"),
        (
            "CREATE FUNCTION f() RETURNS int SET x TO word AS $$ a $$ LANGUAGE sql",
            "CREATE FUNCTION f() RETURNS int SET x TO ? AS ? LANGUAGE sql",
        ),
        ("PRAGMA key = word; SELECT a FROM b", "PRAGMA key = ?; SELECT a FROM b"),
        ("SET app.x = word UPDATE t SET a = b", "SET app.x = ? UPDATE t SET a = b"),
        ("SET STATEMENT x = word FOR SELECT a FROM b", "SET STATEMENT x = ? FOR SELECT a FROM b"),
        ("SELECT a FROM t SETTINGS x = word FORMAT JSON", "SELECT a FROM t SETTINGS x = ? FORMAT JSON"),
        (
            "GRANT ALL ON d TO u IDENTIFIED BY a, v IDENTIFIED BY b WITH GRANT OPTION",
            "GRANT ALL ON d TO u IDENTIFIED BY ?, v IDENTIFIED BY ? WITH GRANT OPTION",
        ),
        ("EXEC p word, @a OUTPUT WITH RECOMPILE", "EXEC p ?, @a OUTPUT WITH RECOMPILE"),
    ] {
        assert_eq!(sanitize(sql, Generic).text, text);
    }
}
