//! Bound parameters, which are recorded only if requested.

use tracing_core_lite::context::{FutureExt, InContext};
use tracing_core_lite::{Context, Recorder};

/// The prefix of the attributes (semantic conventions v1.44.0, `db.query.parameter.<key>`).
const PREFIX: &str = "db.query.parameter.";

/// The maximum length of a recorded value in bytes. A longer value is cut after its last whole character.
const LONGEST: usize = 1024;

/// The parameters, as a value of the context in which the queries run.
struct Parameters(Vec<(String, String)>);

/// Records these parameters as `db.query.parameter.<key>` on the span of each query that `queries` runs.
///
/// Parameters are not recorded otherwise, because everyone with access to the traces could read them. sqlx encodes the
/// bound values before an executor sees the query, so they are passed here a second time. Keys are names, or positions
/// counted from 0. Values are cut at 1,024 bytes.
///
/// The parameters are added to the context that is current at the time of this call, and `queries` runs in that context. An
/// [`in_context`](FutureExt::in_context) within `queries` replaces it. To run in another context, call this function there:
/// `async { with_parameters(…).await }.in_context(context)`.
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
    let named = |(key, value): (K, V)| (format!("{PREFIX}{}", key.into()), cut(value.to_string()));
    let parameters = Parameters(parameters.into_iter().map(named).collect());
    queries.in_context(Context::current_with_value(parameters))
}

/// Cuts `value` at [`LONGEST`] bytes.
fn cut(mut value: String) -> String {
    if value.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| value.is_char_boundary(end));
        value.truncate(end.unwrap_or_default());
    }
    value
}

/// Records the parameters of the current context.
pub(super) fn record(span: &mut Recorder<'_>) {
    Context::map_current(|context| {
        for (key, value) in context.get::<Parameters>().iter().flat_map(|parameters| &parameters.0) {
            span.set(key, value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        for (value, expected) in [
            (String::new(), 0),
            ("x".repeat(LONGEST), LONGEST),
            ("x".repeat(LONGEST + 1), LONGEST),
            ("ü".repeat(LONGEST), LONGEST),
            (format!("x{}", "ü".repeat(LONGEST)), LONGEST - 1),
            (format!("x{}", "🦀".repeat(LONGEST)), LONGEST - 3),
        ] {
            let cut = cut(value.clone());
            assert_eq!(cut.len(), expected);
            assert!(value.starts_with(&cut));
        }
    }
}
