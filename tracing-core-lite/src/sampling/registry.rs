//! Samplers of other crates, by name.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, PoisonError, RwLock};

use super::Sampler;

/// The settings of a sampler from the registry.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SamplerSettings<'a> {
    /// The name of the service, `service.name`. It may be empty.
    pub service_name: &'a str,
    /// The value of `OTEL_TRACES_SAMPLER_ARG`. It may be empty.
    pub argument: &'a str,
}

impl<'a> SamplerSettings<'a> {
    /// Creates settings.
    #[must_use]
    pub fn new(service_name: &'a str, argument: &'a str) -> Self {
        Self { service_name, argument }
    }
}

/// Makes a sampler. The error says what is wrong with the argument.
type Factory = Arc<dyn Fn(&SamplerSettings<'_>) -> Result<Arc<dyn Sampler>, String> + Send + Sync>;

static REGISTRY: RwLock<BTreeMap<String, Entry>> = RwLock::new(BTreeMap::new());

#[derive(Clone)]
struct Entry(Factory);

impl Debug for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Factory")
    }
}

/// Makes a sampler available as a value of `OTEL_TRACES_SAMPLER`, for this process. A second registration under a name
/// replaces the first. The names of the specification's own samplers cannot be replaced.
///
/// `factory` makes the sampler. Its error says what is wrong with the argument. The sampler is then the
/// [`fallback`](super::SamplerError::fallback) of the error.
///
/// ```
/// use std::sync::Arc;
/// use tracing_core_lite::sampling::{self, Ratio, Sampler};
///
/// sampling::register("one_in_ten", |_| Ok(Arc::new(Ratio::new(0.1)) as Arc<dyn Sampler>));
/// let sampler = sampling::from_names("one_in_ten", None)?;
/// assert_eq!(sampler.description(), "TraceIdRatioBased{0.1}");
/// # Ok::<(), sampling::SamplerError>(())
/// ```
pub fn register(
    name: &str,
    factory: impl Fn(&SamplerSettings<'_>) -> Result<Arc<dyn Sampler>, String> + Send + Sync + 'static,
) {
    let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
    registry.insert(name.to_ascii_lowercase(), Entry(Arc::new(factory)));
}

/// Makes the sampler that is registered under `name`, `None` if there is none.
pub(super) fn make(name: &str, settings: &SamplerSettings<'_>) -> Option<Result<Arc<dyn Sampler>, String>> {
    let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
    let Entry(factory) = registry.get(&name.to_ascii_lowercase())?.clone();
    // A factory may register other samplers.
    drop(registry);
    Some(factory(settings))
}
