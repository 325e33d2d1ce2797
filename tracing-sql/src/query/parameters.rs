//! Bound parameters, for those who ask for them.

use tracing_core_lite::context::{FutureExt, InContext};
use tracing_core_lite::{Context, Recorder};

/// What the names of the attributes begin with (semantic conventions v1.44.0, `db.query.parameter.<key>`).
const PREFIX: &str = "db.query.parameter.";

/// Carried by the context that the queries run in.
struct Parameters(Vec<(String, String)>);

/// Records these parameters on the span of each query that `queries` makes, as `db.query.parameter.<key>`.
///
/// Parameters are never recorded unless they are named so: whoever can read the traces can read them. sqlx has encoded them by the
/// time that an executor sees the query, so they have to be said twice. Keys are the names or positions in the query, counted
/// from 0.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sqlx::sqlite::SqlitePool;
/// use tracing_core_lite::testing::TestSpans;
/// use tracing_sql::{TracedPool, with_parameters};
///
/// let spans = TestSpans::new();
/// let pool = TracedPool::new(SqlitePool::connect("sqlite::memory:").await?).with_provider(spans.provider());
/// let shelf = 7;
/// let query = sqlx::query("SELECT $1").bind(shelf);
/// with_parameters([("0", shelf)], query.execute(&pool)).await?;
///
/// assert_eq!(spans.one("SELECT").text("db.query.parameter.0"), Some("7"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub fn with_parameters<K, V, F>(parameters: impl IntoIterator<Item = (K, V)>, queries: F) -> InContext<F>
where
    K: Into<String>,
    V: ToString,
    F: Future,
{
    let named = |(key, value): (K, V)| (format!("{PREFIX}{}", key.into()), value.to_string());
    let parameters = Parameters(parameters.into_iter().map(named).collect());
    queries.in_context(Context::current_with_value(parameters))
}

/// Records what the current context names.
pub(super) fn record(span: &mut Recorder<'_>) {
    Context::map_current(|context| {
        for (key, value) in context.get::<Parameters>().iter().flat_map(|parameters| &parameters.0) {
            span.set(key, value);
        }
    });
}
