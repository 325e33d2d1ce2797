//! A summary names the operation and its target, in each dialect and for databases without a dialect of their own.

use tracing_sql::sanitize::Dialect::{self, Generic, MySql, PostgreSql, Sqlite};
use tracing_sql::sanitize::sanitize;

fn check(cases: &[(&str, &str)], dialect: Dialect) {
    for (sql, summary) in cases {
        assert_eq!(sanitize(sql, dialect).summary, *summary, "{dialect:?} {sql}");
    }
}

#[test]
fn of_sql_server() {
    check(
        &[
            ("CREATE CLUSTERED INDEX ix ON t (a)", "CREATE INDEX ix"),
            ("CREATE UNIQUE NONCLUSTERED INDEX ix ON t (a)", "CREATE INDEX ix"),
            ("CREATE CLUSTERED COLUMNSTORE INDEX ix ON t", "CREATE INDEX ix"),
            ("ALTER ASYMMETRIC KEY k REMOVE PRIVATE KEY", "ALTER ASYMMETRIC KEY k"),
            ("CREATE SYMMETRIC KEY k WITH ALGORITHM = AES_256", "CREATE SYMMETRIC KEY k"),
            ("OPEN SYMMETRIC KEY k DECRYPTION BY CERTIFICATE c", "OPEN SYMMETRIC KEY k"),
            ("CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'x'", "CREATE MASTER KEY"),
            ("CREATE LOGIN bob WITH PASSWORD = 'x'", "CREATE LOGIN bob"),
            ("ALTER SERVER ROLE r ADD MEMBER m", "ALTER SERVER ROLE r"),
            ("CREATE PARTITION FUNCTION f (int) AS RANGE LEFT FOR VALUES (1)", "CREATE PARTITION FUNCTION f"),
            ("UPDATE STATISTICS orders", "UPDATE STATISTICS orders"),
            ("UPDATE STATISTICS dbo.orders ix WITH FULLSCAN", "UPDATE STATISTICS dbo.orders"),
            ("UPDATE STATISTICS [dbo].[orders]", "UPDATE STATISTICS [dbo].[orders]"),
            ("UPDATE statistics SET a = 1", "UPDATE statistics"),
            ("UPDATE statistics s SET a = 1", "UPDATE statistics"),
            ("DENY SELECT ON t TO u", "DENY"),
            ("BACKUP DATABASE d TO DISK = 'x'", "BACKUP DATABASE d"),
            ("BACKUP LOG d TO DISK = 'x'", "BACKUP LOG d"),
            ("RESTORE DATABASE d FROM DISK = 'x'", "RESTORE DATABASE d"),
            ("RESTORE HEADERONLY FROM DISK = 'x'", "RESTORE HEADERONLY"),
            ("BULK INSERT dbo.t FROM 'f'", "BULK INSERT dbo.t"),
            ("ENABLE TRIGGER trg ON t", "ENABLE TRIGGER trg"),
            ("DISABLE TRIGGER trg ON t; UPDATE t SET a = 1", "DISABLE TRIGGER trg; UPDATE t"),
            ("SELECT * FROM [#tmp] JOIN #other o ON o.a = 1", "SELECT [#tmp] #other"),
            ("SELECT * FROM tempdb..[#tmp]", "SELECT tempdb..[#tmp]"),
            ("INSERT INTO ##all VALUES (1)", "INSERT ##all"),
            ("UPDATE [##all] SET a = 1", "UPDATE [##all]"),
            ("DELETE #tmp WHERE a = 1", "DELETE #tmp"),
            ("CREATE TABLE #tmp (a int)", "CREATE TABLE #tmp"),
            ("UPDATE TOP (10) t SET a = 1", "UPDATE t"),
            ("DELETE TOP (5) FROM t", "DELETE t"),
            ("EXEC @rc = dbo.p 1", "EXEC dbo.p"),
            ("CREATE OR ALTER PROC p AS SELECT a FROM t", "CREATE PROC p SELECT t"),
            ("BEGIN TRAN", "BEGIN TRAN"),
            ("INSERT t VALUES (1)", "INSERT t"),
            ("INSERT [dbo].[t] (a) SELECT b FROM c", "INSERT [dbo].[t] SELECT c"),
            ("INSERT TOP (5) INTO t DEFAULT VALUES", "INSERT t"),
            (
                "CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'x'",
                "CREATE DATABASE SCOPED CREDENTIAL c",
            ),
            ("CREATE DATABASE AUDIT SPECIFICATION s", "CREATE DATABASE AUDIT SPECIFICATION s"),
            ("CREATE SERVER AUDIT a TO FILE (FILEPATH = 'x')", "CREATE SERVER AUDIT a"),
            ("CREATE COLUMN MASTER KEY k WITH (a = 'x')", "CREATE COLUMN MASTER KEY k"),
            ("ALTER COLUMN ENCRYPTION KEY k DROP VALUE", "ALTER COLUMN ENCRYPTION KEY k"),
            ("CREATE PRIMARY XML INDEX ix ON t (a)", "CREATE XML INDEX ix"),
            ("CREATE EXTERNAL DATA SOURCE d WITH (a = 1)", "CREATE EXTERNAL DATA SOURCE d"),
            ("CREATE EXTERNAL FILE FORMAT f WITH (a = 1)", "CREATE EXTERNAL FILE FORMAT f"),
            ("CREATE SECURITY POLICY p ADD FILTER PREDICATE f(a) ON t", "CREATE SECURITY POLICY p"),
            ("DROP CRYPTOGRAPHIC PROVIDER p", "DROP CRYPTOGRAPHIC PROVIDER p"),
            ("ALTER DATABASE CURRENT SET RECOVERY SIMPLE", "ALTER DATABASE CURRENT"),
        ],
        Generic,
    );
}

#[test]
fn of_the_statement_that_defines_a_trigger_and_not_of_its_body() {
    let block = "BEGIN UPDATE x SET a = CASE WHEN 1 THEN 2 END; DELETE FROM y; END";
    for dialect in [Generic, MySql, Sqlite, PostgreSql] {
        for head in ["AFTER UPDATE ON t", "AFTER UPDATE OF a ON t FOR EACH ROW", "AFTER INSERT, UPDATE AS"] {
            let sql = format!("CREATE TRIGGER trg {head} {block}; SELECT a FROM t2");
            check(&[(sql.as_str(), "CREATE TRIGGER trg; SELECT t2")], dialect);
        }
        check(
            &[
                ("DROP TRIGGER trg; UPDATE t SET a = 1", "DROP TRIGGER trg; UPDATE t"),
                ("ALTER TABLE t DISABLE TRIGGER trg; UPDATE t SET a = 1", "ALTER TABLE t; UPDATE t"),
                (
                    "CREATE TRIGGER trg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); UPDATE t SET a = 1",
                    "CREATE TRIGGER trg; UPDATE t",
                ),
                (
                    "CREATE DEFINER = root@localhost TRIGGER trg BEFORE UPDATE ON t FOR EACH ROW UPDATE x SET a = 1",
                    "CREATE TRIGGER trg",
                ),
                (
                    "CREATE PROCEDURE p() BEGIN IF a THEN UPDATE x SET a = 1; END IF; UPDATE y SET b = 1; END; SELECT 1",
                    "CREATE PROCEDURE p; SELECT",
                ),
                (
                    "CREATE OR ALTER TRIGGER trg ON t FOR UPDATE AS UPDATE x SET a = 1; UPDATE y SET b = 1",
                    "CREATE TRIGGER trg",
                ),
            ],
            dialect,
        );
    }
    check(
        &[(
            "CREATE FUNCTION f() RETURNS int AS $$ UPDATE x $$ LANGUAGE sql; SELECT a FROM t",
            "CREATE FUNCTION f; SELECT t",
        )],
        PostgreSql,
    );
}

#[test]
fn of_other_databases() {
    check(
        &[
            ("CREATE PUBLIC DATABASE LINK l CONNECT TO u IDENTIFIED BY 'x'", "CREATE DATABASE LINK l"),
            ("ALTER DATABASE SET x = 1", "ALTER DATABASE"),
            ("INSERT INTO TABLE t SELECT a FROM b", "INSERT t SELECT b"),
            ("INSERT OVERWRITE TABLE t SELECT a FROM b", "INSERT t SELECT b"),
            ("INSERT INTO FUNCTION url('x') VALUES (1)", "INSERT url"),
            ("INSERT ALL WHEN a THEN INTO t VALUES (1) SELECT a FROM b", "INSERT t"),
            ("SELECT a FROM t SETTINGS b = 1, c = 2", "SELECT t"),
            ("CREATE EXTERNAL TABLE t (a int)", "CREATE EXTERNAL TABLE t"),
        ],
        Generic,
    );
}

#[test]
fn of_the_query_that_is_a_table() {
    for dialect in [PostgreSql, MySql, Generic] {
        check(
            &[
                ("TABLE orders", "TABLE orders"),
                ("TABLE shop.orders ORDER BY id LIMIT 1", "TABLE shop.orders"),
                ("SELECT a FROM b UNION ALL TABLE c", "SELECT b TABLE c"),
                ("WITH x AS (TABLE y) SELECT * FROM x", "TABLE y SELECT"),
                ("INSERT INTO a TABLE b", "INSERT a TABLE b"),
                ("CREATE VIEW v AS TABLE t", "CREATE VIEW v TABLE t"),
                ("SELECT * FROM (TABLE t) x", "SELECT TABLE t"),
                ("(TABLE orders) UNION (TABLE items)", "TABLE orders TABLE items"),
                ("SELECT table.a FROM table WHERE table.b = 1", "SELECT table"),
                ("DROP TABLE orders", "DROP TABLE orders"),
            ],
            dialect,
        );
    }
}
