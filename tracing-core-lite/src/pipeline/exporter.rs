//! The trait that exporters implement.

use std::time::Instant;

use super::batch::Batch;
use super::error::{ExportError, Exported};
use super::report::PipelineStats;
use super::response::ExportResponse;

/// Sends batches of finished spans. Only the export thread calls it, never the thread of a request.
///
/// One call is one attempt. After an [`ExportError::Retryable`], the export thread repeats the batch with the backoff
/// that OTLP asks for, while new spans wait in the bounded queue.
pub trait Exporter: Send + 'static {
    /// Sends `batch`. It should return an error at `deadline`.
    ///
    /// # Errors
    /// Returns [`ExportError::Retryable`] if the same batch may succeed later, and [`ExportError::Permanent`]
    /// otherwise.
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError>;

    /// Makes exported spans durable, for example by syncing a file. An exporter whose spans are in the backend when
    /// [`export`](Exporter::export) returns has nothing to do. An exporter that wraps another must forward the call. There is no
    /// default, so that wrappers do not forget this.
    ///
    /// # Errors
    /// Returns the error of the sink. [`TracerProvider::flush`](crate::TracerProvider::flush) then fails too.
    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError>;

    /// Closes all resources. This is the last call. The default calls [`flush`](Exporter::flush).
    ///
    /// # Errors
    /// Returns the error of the sink.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.flush(deadline)
    }

    /// Returns where spans are sent, without credentials, for messages about failed exports. The default returns
    /// `None`.
    fn destination(&self) -> Option<&str> {
        None
    }

    /// Returns whether the last call of [`export`](Exporter::export) failed because the receiver could not be reached.
    ///
    /// A shutdown does not wait long for such a receiver. The default returns `false`.
    fn is_unreachable(&self) -> bool {
        false
    }

    /// Returns whether this is a stage that decides about spans that are recorded but not sampled
    /// ([`Record::RecordOnly`](crate::sampling::Record::RecordOnly)), such as a tail sampler behind a head that records
    /// everything. Only then do such spans reach [`export`](Exporter::export). They have a clear sampled flag.
    ///
    /// A stage that returns true passes on only the spans that it keeps. An exporter that wraps such a stage forwards the call.
    /// The default returns `false`. It is called once, when the provider is built.
    fn judges_unsampled(&self) -> bool {
        false
    }

    /// Returns the attributes that this stage reads to decide which spans are kept. An enforced
    /// [budget](crate::overhead::OverheadBudget) does not remove them. The default is none. An exporter that wraps another
    /// adds those of the other.
    fn attributes_read(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the kind of the exporter, `otel.component.type` in metrics of the pipeline. The default is the path of the Rust
    /// type, as the semantic conventions ask for. An exporter that wraps another forwards the call.
    fn component_type(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Returns what the receiver answered to the last call of [`export`](Exporter::export), or why it did not, for metrics of
    /// the pipeline. The default knows nothing. An exporter that wraps another forwards the call.
    fn last_response(&self) -> ExportResponse {
        ExportResponse::default()
    }

    /// Lets the exporter count exported and dropped spans in `stats`, and returns true, if it accepts batches before it
    /// has exported them. Only exporters of this workspace use it.
    #[doc(hidden)]
    fn count_into(&mut self, _stats: &PipelineStats) -> bool {
        false
    }
}

impl Exporter for Box<dyn Exporter> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        (**self).export(batch, deadline)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        (**self).flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        (**self).shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        (**self).destination()
    }

    fn is_unreachable(&self) -> bool {
        (**self).is_unreachable()
    }

    fn judges_unsampled(&self) -> bool {
        (**self).judges_unsampled()
    }

    fn attributes_read(&self) -> Vec<String> {
        (**self).attributes_read()
    }

    fn component_type(&self) -> &'static str {
        (**self).component_type()
    }

    fn last_response(&self) -> ExportResponse {
        (**self).last_response()
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        (**self).count_into(stats)
    }
}
