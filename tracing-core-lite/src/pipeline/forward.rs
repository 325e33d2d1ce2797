//! What stages pass on unchanged.

/// Defines all methods of an [`Exporter`](super::Exporter) but `export`, for a stage whose inner exporter is its field
/// `exporter`.
macro_rules! forward_exporter {
    () => {
        fn flush(&mut self, deadline: std::time::Instant) -> Result<(), $crate::pipeline::ExportError> {
            self.exporter.flush(deadline)
        }

        fn shutdown(&mut self, deadline: std::time::Instant) -> Result<(), $crate::pipeline::ExportError> {
            self.exporter.shutdown(deadline)
        }

        fn destination(&self) -> Option<&str> {
            self.exporter.destination()
        }

        fn is_unreachable(&self) -> bool {
            self.exporter.is_unreachable()
        }

        fn judges_unsampled(&self) -> bool {
            self.exporter.judges_unsampled()
        }

        fn attributes_read(&self) -> Vec<String> {
            self.exporter.attributes_read()
        }

        fn component_type(&self) -> &'static str {
            self.exporter.component_type()
        }

        fn last_response(&self) -> $crate::pipeline::ExportResponse {
            self.exporter.last_response()
        }

        fn count_into(&mut self, stats: &$crate::pipeline::PipelineStats) -> bool {
            self.exporter.count_into(stats)
        }
    };
}

pub(crate) use forward_exporter;
