//! redis: keys and arguments of commands, and the server's own error messages.

use tracing_redis::{CommandText, TracedRedis};

use crate::backend::Backend;
use crate::corpus::presets;
use crate::from_env;

#[tokio::test]
async fn no_secret_of_a_command_is_exported() {
    let client = redis::Client::open(from_env("TEST_REDIS_URL")).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    for (redaction, secrets) in presets() {
        let backend = Backend::new(&redaction);
        let mut traced = TracedRedis::new(connection.clone())
            .with_provider(&backend.provider)
            .with_server_of(&client)
            .with_command_text(CommandText::Keys);
        for secret in &secrets {
            backend.record_everywhere(secret);
            let text = secret.anywhere();
            let set: Result<(), _> =
                redis::cmd("SET").arg(text).arg(&secret.text).arg("EX").arg(5).query_async(&mut traced).await;
            set.unwrap();
            let mut pipeline = redis::pipe();
            pipeline.cmd("GET").arg(text).cmd("DEL").arg(text);
            let read: Result<(String, u64), _> = pipeline.query_async(&mut traced).await;
            assert_eq!(read.unwrap(), (secret.text.clone(), 1));
            // The server's message has the name of the command and its arguments.
            let unknown: Result<(), _> =
                redis::cmd(&format!("NOTE:{text}")).arg(text).query_async(&mut traced).await;
            assert!(unknown.is_err());
        }
        backend.assert_without(&secrets, 4 * secrets.len());
    }
}
