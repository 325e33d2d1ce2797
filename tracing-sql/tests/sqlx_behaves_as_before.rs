//! A query through the wrapper behaves as it does with sqlx alone.

mod support;

use sqlx::{Connection, Executor, SqlSafeStr, Statement};
use support::on_all_databases;
use tracing_sql::{Endpoint, TracedConnection};

/// SQLite's thread updates its count after it has answered, and so before it answers again.
macro_rules! kept_now {
    ($bare:expr) => {{
        $bare.ping().await.unwrap();
        $bare.cached_statements_size()
    }};
}

/// Returns the number of statements that a connection caches after each of several ways to run a query. `$bare` is its
/// connection.
macro_rules! kept_after {
    ($connection:ident, $bare:expr) => {{
        let mut kept = Vec::new();
        for _ in 0..2 {
            sqlx::query("SELECT 1").execute(&mut $connection).await.unwrap();
            kept.push(kept_now!($bare));
        }
        sqlx::query("SELECT 2").persistent(false).execute(&mut $connection).await.unwrap();
        kept.push(kept_now!($bare));
        sqlx::raw_sql("SELECT 3").execute(&mut $connection).await.unwrap();
        kept.push(kept_now!($bare));
        (&mut $connection).execute("SELECT 4").await.unwrap();
        kept.push(kept_now!($bare));
        let statement = (&mut $connection).prepare("SELECT 5".into_sql_str()).await.unwrap();
        kept.push(kept_now!($bare));
        statement.query().execute(&mut $connection).await.unwrap();
        kept.push(kept_now!($bare));
        sqlx::query("SELECT 6").fetch_optional(&mut $connection).await.unwrap();
        kept.push(kept_now!($bare));
        kept
    }};
}

on_all_databases! {
    async fn statements_are_cached_alike(db: 2) {
        let mut bare = db.pool.inner().acquire().await.unwrap().detach();
        let expected = kept_after!(bare, bare);
        let wrapped = db.pool.inner().acquire().await.unwrap().detach();
        let mut wrapped = TracedConnection::<Db>::new(wrapped, Endpoint::unknown()).with_provider(db.spans.provider());
        let kept = kept_after!(wrapped, wrapped.inner());
        assert_eq!(kept, expected);
        assert!(kept.last() > Some(&0));
    }

    async fn an_argument_that_cannot_be_encoded_fails_the_query(db: 1) {
        #[derive(Debug)]
        struct Unencodable;
        impl sqlx::Type<Db> for Unencodable {
            fn type_info() -> <Db as sqlx::Database>::TypeInfo {
                <i32 as sqlx::Type<Db>>::type_info()
            }
        }
        impl sqlx::Encode<'_, Db> for Unencodable {
            fn encode_by_ref(
                &self,
                _: &mut <Db as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                Err("no".into())
            }
        }
        let sql = || db.sql("SELECT id FROM {t} WHERE id = {p}");
        let bare = sqlx::query(sql()).bind(Unencodable).execute(db.pool.inner()).await.unwrap_err();
        let wrapped = sqlx::query(sql()).bind(Unencodable).execute(&db.pool).await.unwrap_err();
        assert_eq!(wrapped.to_string(), bare.to_string());
        assert!(db.spans.one(&db.name("SELECT {t}")).is_error());
    }

    async fn macros_of_sqlx_take_the_inner_pool_for_migrations(db: 1) {
        let mut connection = db.pool.acquire().await.unwrap();
        connection.inner().ping().await.unwrap();
        assert!(db.pool.try_acquire().is_none());
        drop(connection);
    }
}
