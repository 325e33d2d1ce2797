//! Spans of one test, and assertions on them.

use std::time::Duration;

use super::tree;
use crate::Tracer;
use crate::exporters::MemoryExporter;
use crate::provider::{BuildError, TracerProvider, TracerProviderBuilder};
use crate::span::data::{AnyValue, FinishedSpan, SpanData};

/// The maximum time that a test waits for its spans.
const PATIENCE: Duration = Duration::from_secs(10);

/// A provider for one test, together with the spans that it has recorded. Tests that run in parallel do not see each
/// other's spans.
///
/// ```
/// use tracing_core_lite::testing::TestSpans;
///
/// let spans = TestSpans::new();
/// let parent = spans.tracer().span("outer").start();
/// let context = parent.in_context(&tracing_core_lite::Context::new());
/// spans.tracer().span("inner").with_parent(&context).start().end();
/// parent.end();
/// spans.assert_tree("
///     outer
///       inner
/// ");
/// ```
#[derive(Debug, Clone)]
pub struct TestSpans {
    provider: TracerProvider,
    exporter: MemoryExporter,
}

impl Default for TestSpans {
    fn default() -> Self {
        Self::new()
    }
}

impl TestSpans {
    /// Creates a provider that records every span.
    ///
    /// # Panics
    /// Panics if the operating system refuses a thread.
    #[must_use]
    pub fn new() -> Self {
        match Self::with(|builder| builder) {
            Ok(spans) => spans,
            Err(error) => panic!("no provider for this test: {error}"),
        }
    }

    /// Creates the provider that `configure` builds. Its exporter is replaced.
    ///
    /// # Errors
    /// Returns an error if the operating system refuses a thread.
    pub fn with(
        configure: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    ) -> Result<Self, BuildError> {
        let exporter = MemoryExporter::new();
        let builder = TracerProvider::builder().with_lint(crate::lint::Lint::warnings());
        let provider = configure(builder).with_exporter(exporter.clone()).build()?;
        Ok(Self { provider, exporter })
    }

    /// Returns the provider, for layers and wrappers.
    #[must_use]
    pub fn provider(&self) -> &TracerProvider {
        &self.provider
    }

    /// Returns a tracer named `test`.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        self.provider.tracer("test")
    }

    /// Returns all spans that have ended so far, in the order of their ends on each thread.
    ///
    /// # Panics
    /// Panics if they do not arrive within 10 seconds.
    #[must_use]
    #[track_caller]
    pub fn finished(&self) -> Vec<FinishedSpan> {
        if let Err(error) = self.provider.flush(PATIENCE) {
            panic!("the spans of this test did not arrive: {error}");
        }
        self.exporter.finished()
    }

    /// Waits until `count` spans have ended, such as those that end in other tasks, and returns all that have ended.
    ///
    /// # Panics
    /// Panics if fewer have arrived after 10 seconds.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<FinishedSpan> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let spans = self.finished();
            if spans.len() >= count {
                return spans;
            }
            if std::time::Instant::now() >= deadline {
                panic!("expected {count} spans, found:\n{}", tree::text(&tree::lines(&spans)));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns the only span called `name`.
    ///
    /// # Panics
    /// Panics if there is none, or more than one.
    #[must_use]
    #[track_caller]
    pub fn one(&self, name: &str) -> SpanData {
        let all = self.finished();
        let mut named = all.iter().filter(|finished| finished.span.name == name);
        match (named.next(), named.next()) {
            (Some(finished), None) => finished.span.clone(),
            _ => panic!("expected one span called {name:?}, found:\n{}", tree::text(&tree::lines(&all))),
        }
    }

    /// Checks the tree of all spans that have ended. Each span is a line, children are indented by two more spaces than
    /// their parent, and siblings are in the order of their starts.
    ///
    /// A line is the name of a span. It may list details in brackets, each of which must match:
    ///
    /// | detail | value |
    /// |---|---|
    /// | `kind` | `internal`, `server`, `client`, `producer` or `consumer` |
    /// | `service` | the `service.name` of the resource |
    /// | `status` | `unset`, `ok` or `error` |
    /// | `link` | the name of a linked span, for every link that is not a FollowsFrom reference; `none` |
    /// | `follows` | the name of a span that this one follows from, for every such link; `none` |
    ///
    /// ```
    /// use tracing_core_lite::testing::TestSpans;
    /// use tracing_core_lite::{Context, SpanKind};
    ///
    /// let spans = TestSpans::new();
    /// let order = spans.tracer().span("order").with_kind(SpanKind::Server).with_parent(&Context::new()).start();
    /// spans.tracer().span("send mail").with_parent(&Context::new()).start_with(|span| {
    ///     span.add_follows_from(order.span_context());
    /// });
    /// order.end();
    /// spans.assert_tree("
    ///     order [kind=server, link=none]
    ///     send mail [follows=order]
    /// ");
    /// ```
    ///
    /// # Panics
    /// Panics if the spans form another tree, or if one of them is an orphan. The message shows the difference.
    #[track_caller]
    pub fn assert_tree(&self, expected: &str) {
        let expected = match tree::parse(expected) {
            Ok(expected) => expected,
            Err(error) => panic!("the expected tree has an {error}"),
        };
        if let Err(difference) = tree::compare(&expected, &tree::lines(&self.finished())) {
            panic!("the spans differ from the expected tree (- expected, + found):\n{difference}");
        }
    }
}

impl SpanData {
    /// Returns the value of a string attribute, or `None` if there is no such attribute.
    ///
    /// # Panics
    /// Panics if the attribute has a value of another type.
    #[must_use]
    #[track_caller]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.attribute(key)? {
            AnyValue::String(text) => Some(text),
            other => panic!("the attribute {key:?} is not a string: {other:?}"),
        }
    }

    /// Returns the value of an integer attribute, or `None` if there is no such attribute.
    ///
    /// # Panics
    /// Panics if the attribute has a value of another type.
    #[must_use]
    #[track_caller]
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.attribute(key)? {
            AnyValue::Int(value) => Some(*value),
            other => panic!("the attribute {key:?} is not an integer: {other:?}"),
        }
    }

    /// Returns the value of a boolean attribute, or `None` if there is no such attribute.
    ///
    /// # Panics
    /// Panics if the attribute has a value of another type.
    #[must_use]
    #[track_caller]
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.attribute(key)? {
            AnyValue::Bool(value) => Some(*value),
            other => panic!("the attribute {key:?} is not a boolean: {other:?}"),
        }
    }

    /// Returns the value of a floating-point attribute, or `None` if there is no such attribute.
    ///
    /// # Panics
    /// Panics if the attribute has a value of another type.
    #[must_use]
    #[track_caller]
    pub fn double(&self, key: &str) -> Option<f64> {
        match self.attribute(key)? {
            AnyValue::Double(value) => Some(*value),
            other => panic!("the attribute {key:?} is not a floating-point number: {other:?}"),
        }
    }
}
