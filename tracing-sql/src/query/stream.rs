//! The rows of a query on one connection.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use sqlx_core::Either;
use sqlx_core::error::Error;
use sqlx_core::executor::Executor;
use tracing_core_lite::context::StoredContext;

use super::taken::TakenQuery;
use crate::config::Config;
use crate::database::TracedDatabase;
use crate::record::QuerySpan;

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

/// The stream of the driver, with a span from the first poll to the end, an error or the drop.
pub(crate) struct QueryStream<'e, DB: TracedDatabase>(State<'e, DB>);

enum State<'e, DB: TracedDatabase> {
    New(Box<NewQuery<'e, DB>>),
    Running { steps: Steps<'e, DB>, span: QuerySpan<'e> },
    Ended,
}

struct NewQuery<'e, DB: TracedDatabase> {
    connection: &'e mut DB::Connection,
    query: TakenQuery<DB>,
    config: &'e Config,
    stored: Option<&'e StoredContext>,
}

impl<'e, DB: TracedDatabase> QueryStream<'e, DB> {
    pub(crate) fn new(
        connection: &'e mut DB::Connection,
        query: TakenQuery<DB>,
        config: &'e Config,
        stored: Option<&'e StoredContext>,
    ) -> Self {
        Self(State::New(Box::new(NewQuery { connection, query, config, stored })))
    }

    fn start(new: NewQuery<'e, DB>) -> State<'e, DB>
    where
        for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
    {
        let NewQuery { connection, mut query, config, stored } = new;
        let parent = stored.map(StoredContext::innermost);
        let span = QuerySpan::start(config, query.sql_str(), parent.as_ref());
        span.comment(&mut query);
        State::Running { steps: <&mut DB::Connection as Executor<'_>>::fetch_many(connection, query), span }
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
        let State::Running { steps, span } = &mut self.0 else { return Poll::Ready(None) };
        let step = ready!(steps.as_mut().poll_next(cx));
        match &step {
            Some(Ok(step)) => span.saw::<DB>(step),
            Some(Err(error)) => span.fail(error),
            None => span.succeed(),
        }
        if step.is_none() {
            self.0 = State::Ended;
        }
        Poll::Ready(step)
    }
}
