//! SQL with sqlx.

use sqlx::PgPool;
use tower::BoxError;
use tracing_sql::TracedPool;

use super::Relay;
use crate::message::Hop;

/// Runs the query that the hop names.
pub(super) async fn send(relay: &Relay, hop: &Hop) -> Result<(), BoxError> {
    let url = std::env::var("TEST_POSTGRES_URL").map_err(|_| "TEST_POSTGRES_URL is not set")?;
    let pool = TracedPool::new(PgPool::connect(&url).await?).with_provider(relay.spans().provider());
    sqlx::query(sqlx::AssertSqlSafe(hop.to.clone())).fetch_all(&pool).await?;
    Ok(())
}
