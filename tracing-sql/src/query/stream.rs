//! The rows of a query on one connection.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use sqlx_core::Either;
use sqlx_core::error::Error;
use sqlx_core::executor::Executor;
use tracing_core_lite::Context;

use super::operation::Operation;
use super::taken::TakenQuery;
use crate::database::TracedDatabase;
use crate::site::Site;

type Steps<'e, DB> = BoxStream<
    'e,
    Result<
        Either<
            <DB as sqlx_core::database::Database>::QueryResult,
            <DB as sqlx_core::database::Database>::Row,
        >,
        Error,
    >,
>;

/// What the driver's stream gives, under a span from the first poll to the end, an error or the drop.
pub(crate) struct QueryStream<'e, DB: TracedDatabase>(State<'e, DB>);

enum State<'e, DB: TracedDatabase> {
    New(Box<NewQuery<'e, DB>>),
    Running { steps: Steps<'e, DB>, operation: Operation<'e> },
    Ended,
}

struct NewQuery<'e, DB: TracedDatabase> {
    connection: &'e mut DB::Connection,
    query: TakenQuery<DB>,
    site: &'e Site,
    parent: Option<&'e Context>,
}

impl<'e, DB: TracedDatabase> QueryStream<'e, DB> {
    pub(crate) fn new(
        connection: &'e mut DB::Connection,
        query: TakenQuery<DB>,
        site: &'e Site,
        parent: Option<&'e Context>,
    ) -> Self {
        Self(State::New(Box::new(NewQuery { connection, query, site, parent })))
    }

    fn start(new: NewQuery<'e, DB>) -> State<'e, DB>
    where
        for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
    {
        let NewQuery { connection, mut query, site, parent } = new;
        let operation = Operation::start(site, query.sql_str(), parent);
        operation.comment(&mut query);
        State::Running {
            steps: <&mut DB::Connection as Executor<'_>>::fetch_many(connection, query),
            operation,
        }
    }
}

impl<DB: TracedDatabase> Stream for QueryStream<'_, DB>
where
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    type Item = Result<Either<DB::QueryResult, DB::Row>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        if matches!(self.0, State::New(_))
            && let State::New(new) = std::mem::replace(&mut self.0, State::Ended)
        {
            self.0 = Self::start(*new);
        }
        let State::Running { steps, operation } = &mut self.0 else { return Poll::Ready(None) };
        let step = ready!(steps.as_mut().poll_next(cx));
        match &step {
            Some(Ok(step)) => operation.saw::<DB>(step),
            Some(Err(error)) => operation.fail(error),
            None => operation.complete(),
        }
        if step.is_none() {
            self.0 = State::Ended;
        }
        Poll::Ready(step)
    }
}
