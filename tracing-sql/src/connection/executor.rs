//! Connections and transactions as executors of sqlx.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx_core::Either;
use sqlx_core::database::Database;
use sqlx_core::describe::Describe;
use sqlx_core::error::Error;
use sqlx_core::executor::{Execute, Executor};
use sqlx_core::sql_str::SqlStr;

use super::{TracedConnection, TracedPoolConnection};
use crate::database::TracedDatabase;
use crate::query::{QueryStream, TakenQuery};
use crate::record::QuerySpan;
use tracing_core_lite::context::StoredContext;

impl<'c, DB: TracedDatabase> Executor<'c> for &'c mut TracedConnection<'_, DB>
where
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let (connection, config, stored) = self.parts();
        Box::pin(QueryStream::<DB>::new(connection, TakenQuery::new(query), config, stored))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut query = TakenQuery::new(query);
        Box::pin(async move {
            let (connection, config, stored) = self.parts();
            let parent = stored.map(StoredContext::innermost);
            let mut span = QuerySpan::start(config, query.sql_str(), parent.as_ref());
            span.comment(&mut query);
            let row = <&mut DB::Connection as Executor<'_>>::fetch_optional(connection, query).await;
            span.saw_rows(u64::from(matches!(row, Ok(Some(_)))));
            span.finish(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let (connection, config, stored) = self.parts();
            let parent = stored.map(StoredContext::innermost);
            let span = QuerySpan::start_preparation(config, &sql, parent.as_ref());
            let statement =
                <&mut DB::Connection as Executor<'_>>::prepare_with(connection, sql, parameters).await;
            span.finish(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'c: 'e,
    {
        <&mut DB::Connection as Executor<'_>>::describe(self.parts().0, sql)
    }
}

/// Implements `Executor` for a type that dereferences to a [`TracedConnection`].
macro_rules! executor_by_deref {
    ($wrapper:ty) => {
        impl<'c, DB: TracedDatabase> Executor<'c> for &'c mut $wrapper
        where
            for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
        {
            type Database = DB;

            fn fetch_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, DB>,
            {
                <&mut TracedConnection<'_, DB> as Executor<'_>>::fetch_many(&mut **self, query)
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, DB>,
            {
                <&mut TracedConnection<'_, DB> as Executor<'_>>::fetch_optional(&mut **self, query)
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [<DB as Database>::TypeInfo],
            ) -> BoxFuture<'e, Result<DB::Statement, Error>>
            where
                'c: 'e,
            {
                <&mut TracedConnection<'_, DB> as Executor<'_>>::prepare_with(&mut **self, sql, parameters)
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
            where
                'c: 'e,
            {
                <&mut TracedConnection<'_, DB> as Executor<'_>>::describe(&mut **self, sql)
            }
        }
    };
}

pub(crate) use executor_by_deref;

executor_by_deref!(TracedPoolConnection<DB>);
