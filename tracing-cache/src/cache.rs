//! A cache whose operations are spans.

use std::borrow::Cow;

use tracing_core_lite::{Context, Tracer, TracerProvider};

use crate::cache_span::{CacheSpan, Operation};
use crate::key_text::KeyText;
use crate::loader::{Loader, LookUp};
use crate::scope::scope;
use crate::semconv::cache::{KEY, NAME, OPERATION};
use tracing_core_lite::layer_support::StackText;

/// Longest name of a span, in bytes.
const LONGEST_NAME: usize = 96;

/// Makes operations of a cache spans of kind internal; it wraps no cache, and so works with each.
///
/// The name of a span is `{cache.operation} {cache.name}`. The conventions of OpenTelemetry have no group for caches, so
/// the attributes are ours:
///
/// | attribute | type | what |
/// |---|---|---|
/// | `cache.name` | string | the name that [`new`](TracedCache::new) was given |
/// | `cache.operation` | string | `get`, `get_or_load`, `put`, `remove`, `clear`, and `load` for what a miss costs |
/// | `cache.key` | string | what [`KeyText`] makes of the key; a hash by default |
/// | `cache.hit` | bool | whether there was an entry |
/// | `cache.ttl` | double | how long the entry lives, in seconds |
/// | `cache.size` | int | how large the entry is, in bytes |
///
/// A miss is no error.
#[derive(Debug, Clone)]
pub struct TracedCache {
    name: Cow<'static, str>,
    tracer: Tracer,
    key_text: KeyText,
}

impl TracedCache {
    /// A cache of this name, recorded with the provider that is [installed](TracerProvider::install), or with the one of
    /// the OpenTelemetry API.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), tracer: Tracer::global(scope()), key_text: KeyText::default() }
    }

    /// Records with `provider`, whatever is installed.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.tracer = provider.tracer_with_scope(scope());
        self
    }

    /// Sets what is recorded of keys; [`KeyText::Hashed`] by default.
    #[must_use]
    pub fn key_text(mut self, key_text: KeyText) -> Self {
        self.key_text = key_text;
        self
    }

    /// Starts the span of an operation, as a child of the current span.
    #[must_use = "the span ends when it is dropped"]
    pub fn span(&self, operation: Operation, key: &str) -> CacheSpan {
        let parent = Context::current();
        let mut name = StackText::<LONGEST_NAME>::new();
        name.push(operation.as_str()).push(" ").push(&self.name);
        let span = self.tracer.span(name.as_str()).with_parent(&parent).start_with(|span| {
            span.set(NAME, &self.name).set(OPERATION, operation.as_str());
            self.key_text.visit(key, |text| {
                span.set(KEY, text);
            });
        });
        CacheSpan::new(span, parent)
    }

    /// Looks an entry up in a span, and loads it in a child of that span if it is not there.
    ///
    /// `look_up` gets a [`Loader`], and lets [`Loader::run`] run what makes the entry. `cache.hit` is whether that has
    /// **not** happened: one who waited for the load of another, as moka arranges it, had a hit. The span ends with the
    /// future of `look_up`; a result of `Err` makes it failed, with the error's type. When the future is dropped, the span
    /// ends as cancelled.
    ///
    /// ```
    /// use tracing_cache::TracedCache;
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
    pub fn get_or_load<T, E, F>(&self, key: &str, look_up: impl FnOnce(Loader) -> F) -> LookUp<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        let span = self.span(Operation::GetOrLoad, key);
        let context = span.context();
        let loader =
            Loader::new(self.tracer.clone(), self.name.clone(), context.clone(), span.is_recording());
        let was_loaded = loader.was_loaded();
        let future = {
            let _attached = context.clone().attach();
            look_up(loader)
        };
        LookUp::new(future, context, span, was_loaded)
    }
}
