//! The spans of other libraries and of ours for the same request, as the migration pages show them.
//!
//! `peers spans` prints them, `peers spans save` writes them to docs/migration. Each program runs in a process of its own,
//! because it sets globals.

mod http;
mod pages;
mod sql;
mod text;

use std::sync::{Arc, Mutex, PoisonError};

use std::time::Instant;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

use text::Shown;

pub use pages::{print, save};

/// A program that makes the request: with another library, or with ours.
struct Program {
    /// The page in docs/migration.
    page: &'static str,
    side: Side,
    /// Makes the request and returns once its spans have been exported.
    run: fn(&Collected),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

const PROGRAMS: [Program; 10] = [
    Program { page: "axum-tracing-opentelemetry", side: Side::Before, run: http::otel_axum },
    Program { page: "axum-tracing-opentelemetry", side: Side::After, run: http::ours_with_tracing },
    Program { page: "fastrace", side: Side::Before, run: http::fastrace },
    Program { page: "fastrace", side: Side::After, run: http::ours },
    Program { page: "opentelemetry-instrumentation-tower", side: Side::Before, run: http::otel_tower },
    Program { page: "opentelemetry-instrumentation-tower", side: Side::After, run: http::ours_over_sdk },
    Program { page: "sqlx-tracing", side: Side::Before, run: sql::sqlx_tracing },
    Program { page: "sqlx-tracing", side: Side::After, run: sql::ours },
    Program { page: "tower-http", side: Side::Before, run: http::tower_http },
    Program { page: "tower-http", side: Side::After, run: http::ours_with_tracing },
];

/// The spans that were exported.
#[derive(Debug, Clone, Default)]
struct Collected(Arc<Mutex<Vec<Shown>>>);

impl SpanExporter for Collected {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.add(batch.iter().map(Shown::of_sdk));
        Ok(())
    }
}

impl Exporter for Collected {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        let decoded = batch.decode().map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
        let spans = decoded.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
        self.add(spans.map(Shown::of_ours));
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

impl Collected {
    fn add(&self, spans: impl Iterator<Item = Shown>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    }

    /// A provider of opentelemetry_sdk, also as the global one.
    fn sdk(&self) -> SdkTracerProvider {
        let provider = SdkTracerProvider::builder().with_simple_exporter(self.clone()).build();
        opentelemetry::global::set_tracer_provider(provider.clone());
        opentelemetry::global::set_text_map_propagator(
            opentelemetry_sdk::propagation::TraceContextPropagator::new(),
        );
        provider
    }

    /// A provider of ours.
    fn ours(&self) -> TracerProvider {
        let builder = TracerProvider::builder().with_exporter(self.clone());
        builder.build().expect("an export thread")
    }
}

/// Runs one program, and prints its spans.
pub fn one(page: &str, side: &str) -> Result<(), String> {
    let is_named = |program: &&Program| program.page == page && program.side.name() == side;
    let program = PROGRAMS.iter().find(is_named).ok_or_else(|| format!("no program {page} {side}"))?;
    let collected = Collected::default();
    (program.run)(&collected);
    let spans = std::mem::take(&mut *collected.0.lock().unwrap_or_else(PoisonError::into_inner));
    print!("{}", text::tree(&spans));
    Ok(())
}
