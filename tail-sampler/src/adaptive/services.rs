//! The services whose spans were received, each with an adaptive rate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing_core_lite::SpanKind;
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::{RequestView, ResourceView, SpanHead, StatusCode, ValueView};
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_sampling::adaptive::inputs::{FirstSeenFile, Input, InputError, Requests};
use tracing_sampling::adaptive::{Adaptive, AdaptiveState};

use super::AdaptiveConfig;

/// The maximum number of services. Others get the base rate.
const MOST_SERVICES: usize = 1_000;

/// All services. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    config: Arc<AdaptiveConfig>,
    by_name: Arc<Mutex<HashMap<String, Service>>>,
    /// How full the storage is, read once for all services.
    storage: Arc<Mutex<Result<f64, InputError>>>,
}

#[derive(Debug, Clone)]
struct Service {
    adaptive: Adaptive,
    seen: Arc<Mutex<Seen>>,
}

/// What was received from a service.
#[derive(Debug, Default)]
struct Seen {
    requests: Requests,
    /// The newest version.
    version: Option<String>,
}

impl Services {
    pub(crate) fn new(config: AdaptiveConfig) -> Self {
        let unread = Err(InputError::new("it has not been read yet"));
        Self { config: Arc::new(config), by_name: Arc::default(), storage: Arc::new(Mutex::new(unread)) }
    }

    pub(crate) fn config(&self) -> &AdaptiveConfig {
        &self.config
    }

    /// Counts the requests of a batch: each span that is the first of its process. A span with a threshold counts for all that
    /// it stands for; one without counts for as many as the rate that its service was given says.
    pub(crate) fn count(&self, batch: &Batch) {
        for resource in RequestView::new(batch.request()).resources().flatten() {
            let Some(service) = self.service(&resource) else { continue };
            let weight_without = 1.0 / service.adaptive.rate().max(1e-6);
            let (mut total, mut failed) = (0.0, 0.0);
            for span in
                resource.scopes().flatten().flat_map(|scope| scope.spans().flatten().collect::<Vec<_>>())
            {
                let Ok(head) = span.head() else { continue };
                if is_request(&head) {
                    let weight = weight(&head).unwrap_or(weight_without);
                    total += weight;
                    failed += if head.status == StatusCode::Error { weight } else { 0.0 };
                }
            }
            let mut seen = lock(&service.seen);
            let Requests { total: before, failed: failed_before, .. } = seen.requests;
            seen.requests = Requests::new(before + total, failed_before + failed);
            if let Some(version) = text(&resource, "service.version") {
                seen.version = Some(version);
            }
        }
    }

    fn service(&self, resource: &ResourceView<'_>) -> Option<Service> {
        let name = text(resource, "service.name")?;
        let mut by_name = lock(&self.by_name);
        if let Some(known) = by_name.get(&name) {
            return Some(known.clone());
        }
        if by_name.len() >= MOST_SERVICES {
            return None;
        }
        let service = self.start(&name);
        by_name.insert(name, service.clone());
        Some(service)
    }

    fn start(&self, name: &str) -> Service {
        let seen = Arc::<Mutex<Seen>>::default();
        let source = Arc::clone(&seen);
        let mut builder = Adaptive::builder()
            .with_rates(self.config.rates())
            .with_interval(self.config.interval())
            .with_requests(move || Ok::<_, InputError>(lock(&source).requests));
        if self.config.storage.is_some() {
            let storage = Arc::clone(&self.storage);
            builder = builder.with_storage(move || lock(&storage).clone());
        }
        if let Some(file) = self.config.first_seen_file.clone() {
            let (source, name) = (Arc::clone(&seen), name.to_owned());
            builder = builder.with_version_age(move || match lock(&source).version.clone() {
                Some(version) => FirstSeenFile::new(&file, &name, version).read(),
                None => Err(InputError::new("its spans have no service.version")),
            });
        }
        Service { adaptive: builder.build(), seen }
    }

    /// Evaluates every service. Blocks while it reads the storage and the file.
    pub(crate) fn evaluate(&self) {
        if let Some(storage) = &self.config.storage {
            let read = storage.input().read();
            *lock(&self.storage) = read;
        }
        let services: Vec<Service> = lock(&self.by_name).values().cloned().collect();
        services.iter().for_each(|service| service.adaptive.evaluate());
    }

    /// Returns the rate of a service; the base rate if nothing was received from it.
    pub(crate) fn rate(&self, name: &str) -> f64 {
        let known = lock(&self.by_name).get(name).map(|service| service.adaptive.rate());
        known.unwrap_or_else(|| self.config.rates().base)
    }

    /// Returns the state of each service, by name.
    pub(crate) fn states(&self) -> Vec<(String, AdaptiveState)> {
        let services = lock(&self.by_name).clone();
        let mut states: Vec<_> =
            services.into_iter().map(|(name, service)| (name, service.adaptive.state())).collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        states
    }

    /// Returns the time since a version was first seen. `None` without a file.
    pub(crate) fn version_age(&self, name: &str, version: &str) -> Option<Result<Duration, InputError>> {
        let file = self.config.first_seen_file.as_ref()?;
        Some(FirstSeenFile::new(file, name, version).read().map(Duration::from_secs_f64))
    }
}

/// Returns whether a span is the first of a process. Not every SDK says that a parent is remote.
fn is_request(head: &SpanHead<'_>) -> bool {
    head.is_local_root() || matches!(head.kind(), SpanKind::Server | SpanKind::Consumer)
}

/// Returns how many requests a span stands for, if its tracestate says so.
fn weight(head: &SpanHead<'_>) -> Option<f64> {
    let state = head.trace_state().ok()?;
    let member = state.split(',').find_map(|member| member.trim().strip_prefix("ot="))?;
    Some(OtTraceState::read(member).threshold()?.adjusted_count())
}

fn text(resource: &ResourceView<'_>, wanted: &str) -> Option<String> {
    resource.attributes().ok()?.flatten().find_map(|attribute| match attribute.value() {
        Ok(ValueView::Str(text)) if attribute.key() == Ok(wanted) => Some(text.to_owned()),
        _ => None,
    })
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
