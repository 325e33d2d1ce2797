//! The settings that a pool, its connections and their transactions share.

use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "metrics")]
use std::time::Instant;

use sqlx_core::connection::Connection;
use tracing_core_lite::database::{Client, Endpoint};

use crate::database::TracedDatabase;
#[cfg(feature = "metrics")]
use crate::record::PoolMetrics;
use crate::record::names::scope;
use crate::sanitize::Dialect;

/// The default minimum wait for a connection that has a span.
const WAIT_THRESHOLD: Duration = Duration::from_millis(1);

#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) client: Client,
    pub(crate) dialect: Dialect,
    pub(crate) wait_threshold: Duration,
    pub(crate) records_text: bool,
    pub(crate) has_events: bool,
    pub(crate) counts_rows: bool,
    pub(crate) has_comments: bool,
    #[cfg(feature = "metrics")]
    pub(crate) pool_metrics: Option<PoolMetrics>,
}

impl Config {
    pub(crate) fn new<DB: TracedDatabase>(endpoint: Endpoint) -> Self {
        Self {
            client: Client::new(DB::SYSTEM_NAME, scope()).with_endpoint(endpoint),
            dialect: DB::DIALECT,
            wait_threshold: WAIT_THRESHOLD,
            records_text: true,
            has_events: true,
            counts_rows: false,
            has_comments: false,
            #[cfg(feature = "metrics")]
            pool_metrics: None,
        }
    }

    pub(crate) fn of_options<DB: TracedDatabase>(options: &<DB::Connection as Connection>::Options) -> Self {
        Self::new::<DB>(DB::endpoint(options))
    }

    /// Changes settings that may be shared.
    pub(crate) fn change(config: &mut Arc<Self>, change: impl FnOnce(&mut Self)) {
        change(Arc::make_mut(config));
    }

    /// Changes settings of the client.
    pub(crate) fn change_client(&mut self, change: impl FnOnce(Client) -> Client) {
        self.client = change(self.client.clone());
    }

    /// Returns the current time, if waits for connections are measured.
    #[cfg(feature = "metrics")]
    #[inline]
    pub(crate) fn stopwatch(&self) -> Option<Instant> {
        self.pool_metrics.is_some().then(Instant::now)
    }

    /// Measures the time of a wait for a connection.
    #[cfg(feature = "metrics")]
    pub(crate) fn waited(&self, since: Option<Instant>) {
        if let (Some(metrics), Some(since)) = (&self.pool_metrics, since) {
            metrics.record_wait(since.elapsed());
        }
    }
}

/// Defines the settings that pools and connections share, using their method `set`.
macro_rules! common_settings {
    () => {
        /// Sets the provider that records spans. The default is the installed one.
        #[must_use]
        pub fn with_provider(self, provider: &TracerProvider) -> Self {
            self.set(|config| config.change_client(|client| client.with_provider(provider)))
        }

        /// Sets the tracer that records spans.
        #[must_use]
        pub fn with_tracer(self, tracer: Tracer) -> Self {
            self.set(|config| config.change_client(|client| client.with_tracer(tracer)))
        }

        /// Sets `db.system.name`, such as `mariadb` or `cockroachdb`. sqlx reports these as MySQL and PostgreSQL.
        #[must_use]
        pub fn with_system_name(self, system_name: &'static str) -> Self {
            self.set(|config| config.change_client(|client| client.with_system_name(system_name)))
        }

        /// Sets the address of the database.
        #[must_use]
        pub fn with_endpoint(self, endpoint: Endpoint) -> Self {
            self.set(|config| config.change_client(|client| client.with_endpoint(endpoint)))
        }

        /// Sets the names of attributes. The default comes from the [environment](Conventions::from_env).
        #[must_use]
        pub fn with_conventions(self, conventions: Conventions) -> Self {
            self.set(|config| config.change_client(|client| client.with_conventions(conventions)))
        }

        /// Sets whether the sanitized text is recorded (`db.query.text`). The default is `true`.
        #[must_use]
        pub fn with_query_text(self, recorded: bool) -> Self {
            self.set(|config| config.records_text = recorded)
        }

        /// Sets whether spans have the events `connection_acquired` and `query_executed`. The default is `true`.
        #[must_use]
        pub fn with_events(self, recorded: bool) -> Self {
            self.set(|config| config.has_events = recorded)
        }

        /// Sets whether the number of rows that the database returned is recorded (`db.response.returned_rows`). The default is
        /// `false`, as the attribute is opt-in in the conventions. A dropped stream, an error in the middle and a
        /// cancelled future record the rows so far.
        #[must_use]
        pub fn with_returned_rows(self, recorded: bool) -> Self {
            self.set(|config| config.counts_rows = recorded)
        }

        /// Sets whether `traceparent` is added to the text of queries in a comment (sqlcommenter), so that the logs of the
        /// database show it. The default is `false`.
        ///
        /// Each such text is new to the database. It is prepared for each execution, which costs PostgreSQL and MySQL
        /// one more round trip, and it is not kept in the connection's cache. Texts with a comment and statements that
        /// the program has prepared are not changed.
        #[must_use]
        pub fn with_sqlcommenter(self, added: bool) -> Self {
            self.set(|config| config.has_comments = added)
        }
    };
}

/// Defines the setting that connections to SQLite and their pools share.
#[cfg(feature = "sqlite")]
macro_rules! sqlite_settings {
    () => {
        /// Sets whether text in double quotes is always shown as a name. The default is `false`.
        ///
        /// SQLite reads text in double quotes as a string if there is no column of that name, so by default it is shown only
        /// where it cannot be a string, and becomes `?` elsewhere: `SELECT ? FROM "users" WHERE ? = ?`. Set this if the
        /// program quotes names this way and strings with single quotes, as query builders do.
        #[must_use]
        pub fn with_quoted_names(self, shown: bool) -> Self {
            let dialect = if shown { Dialect::SqliteQuotedNames } else { Dialect::Sqlite };
            self.set(|config| config.dialect = dialect)
        }
    };
}

pub(crate) use common_settings;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite_settings;
