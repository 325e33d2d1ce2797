//! A batch that is exported in parts, because the receiver says that it is too large.

use std::cell::Cell;
use std::collections::VecDeque;

use super::batch::Batch;
use super::batch_builder::BatchBuilder;
use super::error::{ExportError, Exported};
use super::view::{RequestView, SpanView};

/// The parts of a batch that are not exported yet. At first this is the whole batch.
#[derive(Debug)]
pub(crate) struct Parts {
    waiting: VecDeque<Batch>,
    exported: Exported,
    exported_spans: usize,
}

impl Parts {
    pub(crate) fn new(batch: Batch) -> Self {
        Self { waiting: VecDeque::from([batch]), exported: Exported::default(), exported_spans: 0 }
    }

    /// Exports all parts that are left. Splits a part in two when `export` returns [`ExportError::TooLarge`]. A single
    /// span that is too large counts as rejected.
    ///
    /// After a retryable error, another call goes on where this one stopped.
    pub(crate) fn export(
        &mut self,
        mut export: impl FnMut(&Batch) -> Result<Exported, ExportError>,
    ) -> Result<Exported, ExportError> {
        while let Some(part) = self.waiting.front() {
            match export(part) {
                Ok(exported) => self.note(part.span_count(), exported),
                Err(ExportError::TooLarge { reason }) => match halves(part) {
                    Some([first, second]) => {
                        self.waiting.pop_front();
                        self.waiting.push_front(second);
                        self.waiting.push_front(first);
                        continue;
                    }
                    None if self.is_whole() => return Err(ExportError::TooLarge { reason }),
                    None => self.note(part.span_count(), Exported::new(part.span_count() as u64, reason)),
                },
                Err(ExportError::Permanent { reason }) if !self.is_whole() => {
                    self.note(part.span_count(), Exported::new(part.span_count() as u64, reason));
                }
                Err(error) => return Err(error),
            }
            if self.waiting.len() > 1 {
                self.waiting.pop_front();
            } else {
                break;
            }
        }
        Ok(self.exported.clone())
    }

    /// Returns whether nothing was exported or split yet.
    fn is_whole(&self) -> bool {
        self.exported_spans == 0 && self.waiting.len() == 1
    }

    fn note(&mut self, spans: usize, exported: Exported) {
        self.exported_spans += spans;
        self.exported.rejected_spans += exported.rejected_spans;
        if !exported.message.is_empty() {
            self.exported.message = exported.message;
        }
    }

    /// Returns what was exported so far, and of how many spans.
    pub(crate) fn exported(&self) -> (usize, &Exported) {
        (self.exported_spans, &self.exported)
    }

    /// Returns the last part, which is the whole batch unless it was split.
    pub(crate) fn into_last(mut self) -> Option<Batch> {
        self.waiting.pop_back()
    }
}

/// Returns two batches with half of the spans each, or `None` if there is only one span, or if the batch is malformed.
fn halves(batch: &Batch) -> Option<[Batch; 2]> {
    let request = RequestView::new(batch.request());
    let first_half = batch.span_count() / 2;
    let half = |is_first: bool| {
        let mut builder = BatchBuilder::new();
        let number = Cell::new(0);
        let is_in = |_: &SpanView<'_>| (number.replace(number.get() + 1) < first_half) == is_first;
        builder.push_matching(request, is_in).ok()?;
        builder.finish()
    };
    Some([half(true)?, half(false)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporters::MemoryExporter;
    use crate::pipeline::Exporter;
    use crate::{Context, TracerProvider};

    /// Keeps the last batch that it receives.
    struct Keep(std::sync::Arc<std::sync::Mutex<Option<Batch>>>);

    impl Exporter for Keep {
        fn export(&mut self, batch: &Batch, _: std::time::Instant) -> Result<Exported, ExportError> {
            *self.0.lock().unwrap() = Some(Batch::new(batch.request().clone(), batch.span_count()));
            Ok(Exported::default())
        }

        fn flush(&mut self, _: std::time::Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }

    fn batch(spans: usize) -> Batch {
        let kept = std::sync::Arc::default();
        let provider =
            TracerProvider::builder().with_exporter(Keep(std::sync::Arc::clone(&kept))).build().unwrap();
        for number in 0..spans {
            let tracer = provider.tracer(if number % 3 == 0 { "a" } else { "b" });
            tracer.span(&number.to_string()).with_parent(&Context::new()).start().end();
        }
        provider.flush(std::time::Duration::from_secs(10)).unwrap();
        kept.lock().unwrap().take().unwrap()
    }

    fn too_large() -> ExportError {
        ExportError::TooLarge { reason: "413".into() }
    }

    #[test]
    fn a_batch_is_split_until_the_parts_are_small_enough() {
        for largest in 1..=10 {
            let mut parts = Parts::new(batch(10));
            let mut memory = MemoryExporter::new();
            let exported = parts.export(|part| match part.span_count() <= largest {
                true => memory.export(part, std::time::Instant::now()),
                false => Err(too_large()),
            });
            assert_eq!(exported, Ok(Exported::default()));
            let mut names: Vec<_> = memory.finished().into_iter().map(|it| it.span.name).collect();
            names.sort();
            assert_eq!(names, (0..10).map(|it| it.to_string()).collect::<Vec<_>>(), "parts of {largest}");
        }
    }

    #[test]
    fn a_span_that_is_too_large_alone_is_rejected() {
        let mut parts = Parts::new(batch(8));
        let exported = parts.export(|part| {
            let text = String::from_utf8_lossy(part.request()).into_owned();
            if text.contains("*\u{1}5") || part.span_count() > 1 {
                Err(too_large())
            } else {
                Ok(Exported::default())
            }
        });
        assert_eq!(exported, Ok(Exported::new(1, "413")));
        assert_eq!(Parts::new(batch(1)).export(|_| Err(too_large())), Err(too_large()));
    }

    #[test]
    fn an_attempt_goes_on_where_the_last_one_stopped() {
        let mut parts = Parts::new(batch(4));
        let mut sent = 0;
        let busy = ExportError::Retryable { reason: "busy".into(), after: None };
        for expected in [Err(busy.clone()), Ok(Exported::default())] {
            let outcome = parts.export(|part| {
                if part.span_count() > 1 {
                    return Err(too_large());
                }
                sent += 1;
                if sent == 3 { Err(busy.clone()) } else { Ok(Exported::default()) }
            });
            assert_eq!(outcome, expected);
        }
        assert_eq!(sent, 5, "four spans, and one that was repeated");
    }
}
