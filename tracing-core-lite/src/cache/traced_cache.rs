//! A cache whose operations are spans.

use std::borrow::Cow;

use opentelemetry::{Context, InstrumentationScope};

use super::starter::Starter;
use super::{CacheOperation, CacheSpan, KeyText, Loader, LookupFuture};
use crate::{Tracer, TracerProvider};

/// Starts the spans of the operations of one cache. See the [module](super) for an example.
#[derive(Debug, Clone)]
pub struct TracedCache(Starter);

impl TracedCache {
    /// Creates a cache with the name `name`, one of few.
    ///
    /// Spans go to the [installed](TracerProvider::install) provider, and to that of the OpenTelemetry API if there is none.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let (tracer, key_text) = (Tracer::global(scope()), KeyText::default());
        Self(Starter { name: name.into(), tracer, key_text })
    }

    /// Records with `provider` instead of the installed one.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.0.tracer = provider.tracer_with_scope(scope());
        self
    }

    /// Records with `tracer`, for wrappers with an instrumentation scope of their own.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.0.tracer = tracer;
        self
    }

    /// Sets how much of a key is recorded; [`KeyText::Hashed`] by default.
    #[must_use]
    pub fn with_key_text(mut self, key_text: KeyText) -> Self {
        self.0.key_text = key_text;
        self
    }

    /// Starts the span of an operation as a child of the current span.
    #[must_use = "the span ends when it is dropped"]
    pub fn start(&self, operation: CacheOperation, key: &str) -> CacheSpan {
        let parent = Context::current();
        let span = self.0.start(operation.as_str(), &parent, Some(key));
        CacheSpan::new(span, parent)
    }

    /// Looks an entry up in a span, and loads a missing entry in a child of that span.
    ///
    /// `look_up` gets a [`Loader`] and passes the future that makes the entry to [`Loader::run`]. The attribute
    /// `tracing_suite.cache.hit` is true unless that future was polled. With moka, a caller that waits for the load of another
    /// caller therefore has a hit.
    ///
    /// The span ends with the future of `look_up`. An `Err` makes it failed, with the type of the error as its class: the text
    /// of the error may contain the key. A panic makes it failed, and goes on. If the returned future is dropped, the span
    /// ends as cancelled.
    ///
    /// ```
    /// use tracing_core_lite::cache::TracedCache;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), std::sync::Arc<std::io::Error>> {
    /// let prices = moka::future::Cache::<u32, u32>::new(1_000);
    /// let traced = TracedCache::new("prices");
    ///
    /// let price = traced
    ///     .get_or_load("price:4711", |loader| {
    ///         prices.try_get_with(4711, loader.run(async { Ok::<_, std::io::Error>(3) }))
    ///     })
    ///     .await?;
    /// assert_eq!(price, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_or_load<T, E, F>(&self, key: &str, look_up: impl FnOnce(Loader) -> F) -> LookupFuture<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        let span = self.start(CacheOperation::GetOrLoad, key);
        let context = span.context();
        let loader = Loader::new(&self.0, context.clone(), span.is_recording());
        let was_loaded = loader.was_loaded();
        let future = {
            let _attached = context.clone().attach();
            look_up(loader)
        };
        LookupFuture::new(future, context, span, was_loaded)
    }
}

/// Returns the instrumentation scope of cache spans.
fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tracing-core-lite/cache").with_version(env!("CARGO_PKG_VERSION")).build()
}
