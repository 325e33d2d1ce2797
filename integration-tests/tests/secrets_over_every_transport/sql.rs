//! SQL on PostgreSQL: literals, parameters, names and comments of statements, and the server's own error messages.

use sqlx::AssertSqlSafe;
use tracing_sql::{TracedPool, with_parameters};

use crate::backend::Backend;
use crate::corpus::presets;
use crate::from_env;

#[tokio::test]
async fn no_secret_of_a_statement_is_exported() {
    let pool = sqlx::PgPool::connect(&from_env("TEST_POSTGRES_URL")).await.unwrap();
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        let traced = TracedPool::new(pool.clone()).with_provider(&backend.provider);
        for secret in &secrets {
            backend.record_everywhere(secret);
            let (text, key) = (secret.anywhere(), secret.key.as_str());
            let literal = text.replace('\'', "''").replace('\0', "");
            let statements = [
                format!("SELECT '{literal}' AS note"),
                format!("/* {} */ SELECT 1", literal.replace("*/", "")),
                format!("SELECT 1 AS \"{}\"", literal.replace('"', "\"\"")),
                // The server's message has the value: `invalid input syntax for type integer`.
                format!("SELECT '{literal} '::int"),
            ];
            for statement in statements {
                let query = sqlx::query(AssertSqlSafe(statement));
                let _ = with_parameters([(key, secret.text.as_str())], query.execute(&traced)).await;
            }
        }
        backend.assert_without(&secrets, 5 * secrets.len());
    }
}
