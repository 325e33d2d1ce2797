//! Spans of one test.

use std::collections::HashSet;
use std::time::Duration;

use opentelemetry::trace::SpanId;

use crate::Tracer;
use crate::exporters::MemoryExporter;
use crate::provider::{BuildError, TracerProvider, TracerProviderBuilder};
use crate::span::data::{FinishedSpan, SpanData, Value};

/// How long a test waits for its spans.
const PATIENCE: Duration = Duration::from_secs(10);

/// A provider of a test's own and the spans that it has recorded, so that tests in parallel do not see each other's.
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
    /// Records every span.
    ///
    /// # Panics
    /// When the operating system refuses a thread.
    #[must_use]
    pub fn new() -> Self {
        match Self::with(|builder| builder) {
            Ok(spans) => spans,
            Err(error) => panic!("no provider for this test: {error}"),
        }
    }

    /// Records what `configure` makes of the provider; its exporter is replaced by the test's own.
    ///
    /// # Errors
    /// When the operating system refuses a thread.
    pub fn with(
        configure: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    ) -> Result<Self, BuildError> {
        let exporter = MemoryExporter::new();
        let provider = configure(TracerProvider::builder()).with_exporter(exporter.clone()).build()?;
        Ok(Self { provider, exporter })
    }

    /// The provider, for layers and wrappers.
    #[must_use]
    pub fn provider(&self) -> &TracerProvider {
        &self.provider
    }

    /// A tracer named `test`.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        self.provider.tracer("test")
    }

    /// All spans that have ended so far, in the order of their ends on each thread.
    ///
    /// # Panics
    /// When they do not arrive within 10 seconds.
    #[must_use]
    pub fn finished(&self) -> Vec<FinishedSpan> {
        if let Err(error) = self.provider.flush(PATIENCE) {
            panic!("the spans of this test did not arrive: {error}");
        }
        self.exporter.finished()
    }

    /// Waits until `count` spans have ended, for those that end in other tasks; then all that have.
    ///
    /// # Panics
    /// When there are fewer after 10 seconds.
    #[must_use]
    pub fn wait_for(&self, count: usize) -> Vec<FinishedSpan> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let spans = self.finished();
            if spans.len() >= count {
                return spans;
            }
            if std::time::Instant::now() >= deadline {
                panic!("{count} spans were awaited, and there are these:\n{}", tree(&spans));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The one span called `name`.
    ///
    /// # Panics
    /// When there is none, or more than one.
    #[must_use]
    pub fn one(&self, name: &str) -> SpanData {
        let all = self.finished();
        let mut named = all.iter().filter(|finished| finished.span.name == name);
        match (named.next(), named.next()) {
            (Some(finished), None) => finished.span.clone(),
            _ => panic!("not exactly one span is called {name:?} among these:\n{}", tree(&all)),
        }
    }

    /// Checks names and nesting: a line for each span, a child further to the right than its parent, siblings in the order
    /// of their starts.
    ///
    /// # Panics
    /// When the spans make another tree, or one of them is an orphan.
    pub fn assert_tree(&self, expected: &str) {
        let lines: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
        let margin = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let expected: Vec<String> = lines.iter().map(|line| line[margin..].trim_end().to_owned()).collect();
        let found = tree(&self.finished());
        assert!(
            found.lines().eq(expected.iter().map(String::as_str)),
            "expected\n{}\nbut the spans are\n{found}",
            expected.join("\n"),
        );
    }
}

/// Names, indented by two blanks a level. Orphans are marked.
fn tree(spans: &[FinishedSpan]) -> String {
    let known: HashSet<SpanId> = spans.iter().map(|finished| finished.span.span_id).collect();
    let mut sorted: Vec<&SpanData> = spans.iter().map(|finished| &finished.span).collect();
    sorted.sort_by_key(|span| span.start_time_unix_nano);
    let mut text = String::new();
    let mut stack: Vec<(usize, &SpanData)> = Vec::new();
    let is_top = |span: &&&SpanData| !known.contains(&span.parent_span_id);
    stack.extend(sorted.iter().filter(is_top).rev().map(|span| (0, *span)));
    while let Some((depth, span)) = stack.pop() {
        let orphan = if depth == 0 && span.parent_span_id != SpanId::INVALID && !has_remote_parent(span) {
            " (orphan)"
        } else {
            ""
        };
        text.push_str(&format!("{}{}{orphan}\n", "  ".repeat(depth), span.name));
        let children = sorted.iter().filter(|child| child.parent_span_id == span.span_id);
        stack.extend(children.rev().map(|child| (depth + 1, *child)));
    }
    text
}

fn has_remote_parent(span: &SpanData) -> bool {
    span.flags & 0x300 == 0x300
}

impl SpanData {
    /// The value of a string attribute.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.attribute(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of an integer attribute.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.attribute(key) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        }
    }
}
