//! Transactions as executors of sqlx.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx_core::Either;
use sqlx_core::database::Database;
use sqlx_core::describe::Describe;
use sqlx_core::error::Error;
use sqlx_core::executor::{Execute, Executor};
use sqlx_core::sql_str::SqlStr;

use super::TracedTransaction;
use crate::connection::TracedConnection;
use crate::connection::executor::executor_by_deref;
use crate::database::TracedDatabase;

executor_by_deref!(TracedTransaction<'_, DB>);
