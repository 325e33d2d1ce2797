//! A connection of a pool.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx_core::pool::PoolConnection;

use super::{Held, TracedConnection};
use crate::config::Config;
use crate::database::TracedDatabase;

/// A connection of a [`TracedPool`](crate::TracedPool). It returns to the pool when it is dropped.
///
/// Both `&mut connection` and `&mut *connection` are executors of sqlx.
pub struct TracedPoolConnection<DB: TracedDatabase>(TracedConnection<'static, DB>);

impl<DB: TracedDatabase> TracedPoolConnection<DB> {
    pub(crate) fn new(connection: PoolConnection<DB>, config: Arc<Config>) -> Self {
        Self(TracedConnection { held: Held::Pooled(connection), config, stored: None })
    }

    pub(crate) fn into_connection(self) -> TracedConnection<'static, DB> {
        self.0
    }

    /// Unwraps the connection.
    #[must_use]
    pub fn into_inner(self) -> Option<PoolConnection<DB>> {
        match self.0.held {
            Held::Pooled(connection) => Some(connection),
            _ => None,
        }
    }
}

impl<DB: TracedDatabase> fmt::Debug for TracedPoolConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TracedPoolConnection").field(&self.0).finish()
    }
}

impl<DB: TracedDatabase> Deref for TracedPoolConnection<DB> {
    type Target = TracedConnection<'static, DB>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<DB: TracedDatabase> DerefMut for TracedPoolConnection<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
