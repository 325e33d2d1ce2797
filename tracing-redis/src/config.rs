//! The settings of a connection, which all its clones share.

use redis::{Cmd, Pipeline};
use tracing_core_lite::database::attribute::QUERY_TEXT;
use tracing_core_lite::database::{Client, Command, DatabaseSpan};
use tracing_core_lite::layer_support::StackText;
use tracing_core_lite::{InstrumentationScope, Recorder};

use crate::record::{CommandName, CommandText, QueryText, namespace, pipeline_name};

/// The settings of a connection, which all its clones share.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) client: Client,
    pub(crate) command_text: CommandText,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            client: Client::new("redis", scope()).with_server_as_target(),
            command_text: CommandText::default(),
        }
    }
}

impl Config {
    /// Changes the client.
    pub(crate) fn set_client(&mut self, change: impl FnOnce(Client) -> Client) {
        self.client = change(self.client.clone());
    }

    /// Starts the span of a command on the database with the index `database`.
    pub(crate) fn start_command(&self, command: &Cmd, name: &CommandName, database: i64) -> DatabaseSpan {
        self.start(Command::named(name.as_str()), database, |span| {
            self.set_text(span, || QueryText::of(command, self.command_text));
        })
    }

    /// Starts the span of a pipeline on the database with the index `database`.
    pub(crate) fn start_pipeline(&self, pipeline: &Pipeline, database: i64) -> DatabaseSpan {
        let name = pipeline_name(pipeline);
        let command = Command::named(name.as_str()).with_batch_size(pipeline.len());
        self.start(command, database, |span| {
            self.set_text(span, || QueryText::of_pipeline(pipeline, self.command_text));
        })
    }

    #[inline]
    fn start(
        &self,
        command: Command<'_>,
        database: i64,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> DatabaseSpan {
        let mut text = StackText::new();
        self.client.start_with(&command.with_namespace(namespace(database, &mut text)), write)
    }

    #[inline]
    fn set_text(&self, span: &mut Recorder<'_>, text: impl FnOnce() -> QueryText) {
        if self.command_text != CommandText::Hidden {
            self.client.conventions().set(span, QUERY_TEXT, text().as_str());
        }
    }
}

/// Returns the instrumentation scope of all spans and metrics of this crate.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tracing-redis")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}
