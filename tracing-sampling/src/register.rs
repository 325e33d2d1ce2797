//! Samplers that `OTEL_TRACES_SAMPLER` can name.

use std::sync::Arc;

use tracing_core_lite::sampling::{self, ParentBased, Sampler};

use crate::config::jaeger::from_settings;

/// Makes the samplers of this crate available as values of `OTEL_TRACES_SAMPLER`. Call it before tracing starts.
///
/// | value | sampler |
/// |---|---|
/// | `jaeger_remote` | a [`JaegerRemote`](crate::config::jaeger::JaegerRemote) |
/// | `parentbased_jaeger_remote` | the same, for the roots of traces |
///
/// `OTEL_TRACES_SAMPLER_ARG` is `endpoint=URL,pollingIntervalMs=NUMBER,initialSamplingRate=NUMBER`, where each part may be
/// left out. The endpoint is Jaeger's HTTP endpoint, `http://localhost:5778/sampling` by default, or `file:///PATH` for a
/// strategies file.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     tracing_sampling::register();
///     let _guard = tracing_core_lite::init().with_service_name("orders").start()?;
///     Ok(())
/// }
/// ```
pub fn register() {
    sampling::register("jaeger_remote", |settings| {
        from_settings(settings)
            .map(|sampler| Arc::new(sampler) as Arc<dyn Sampler>)
            .map_err(|error| error.reason)
    });
    sampling::register("parentbased_jaeger_remote", |settings| {
        let sampler = from_settings(settings).map_err(|error| error.reason)?;
        Ok(Arc::new(ParentBased::new(sampler)))
    });
}
