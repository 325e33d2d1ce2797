//! The pool as an executor of sqlx.

use std::future::poll_fn;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx_core::Either;
use sqlx_core::describe::Describe;
use sqlx_core::error::Error;
use sqlx_core::executor::{Execute, Executor};
use sqlx_core::ext::async_stream::{TryAsyncStream, Yielder};
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::sql_str::SqlStr;

use super::TracedPool;
use crate::database::TracedDatabase;
use crate::query::TakenQuery;
use crate::record::QuerySpan;

impl<'p, DB: TracedDatabase> Executor<'p> for &'_ TracedPool<DB>
where
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let (pool, query) = (self.clone(), TakenQuery::new(query));
        Box::pin(TryAsyncStream::new(move |yielder| async move {
            let mut span = QuerySpan::start(pool.config(), query.sql_str(), None);
            let result = fetch_many::<DB>(pool.inner(), query, &mut span, &yielder).await;
            span.finish(result)
        }))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let (pool, mut query) = (self.clone(), TakenQuery::new(query));
        Box::pin(async move {
            let mut span = QuerySpan::start(pool.config(), query.sql_str(), None);
            let row = async {
                let mut connection = acquire(pool.inner(), &mut span).await?;
                span.comment(&mut query);
                <&mut DB::Connection as Executor<'_>>::fetch_optional(&mut *connection, query).await
            }
            .await;
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
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move {
            let mut span = QuerySpan::start_preparation(pool.config(), &sql, None);
            let statement = async {
                let mut connection = acquire(pool.inner(), &mut span).await?;
                <&mut DB::Connection as Executor<'_>>::prepare_with(&mut *connection, sql, parameters).await
            }
            .await;
            span.finish(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'p: 'e,
    {
        let pool = self.inner().clone();
        Box::pin(async move {
            <&mut DB::Connection as Executor<'_>>::describe(&mut *pool.acquire().await?, sql).await
        })
    }
}

async fn acquire<DB: TracedDatabase>(
    pool: &Pool<DB>,
    span: &mut QuerySpan<'_>,
) -> Result<PoolConnection<DB>, Error> {
    let connection = pool.acquire().await?;
    span.connection_acquired();
    Ok(connection)
}

async fn fetch_many<DB: TracedDatabase>(
    pool: &Pool<DB>,
    mut query: TakenQuery<DB>,
    span: &mut QuerySpan<'_>,
    yielder: &Yielder<Either<DB::QueryResult, DB::Row>>,
) -> Result<(), Error>
where
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    let mut connection = acquire(pool, span).await?;
    span.comment(&mut query);
    let mut steps = <&mut DB::Connection as Executor<'_>>::fetch_many(&mut *connection, query);
    while let Some(step) = poll_fn(|cx| steps.as_mut().poll_next(cx)).await {
        let step = step?;
        span.saw::<DB>(&step);
        yielder.r#yield(step).await;
    }
    Ok(())
}
