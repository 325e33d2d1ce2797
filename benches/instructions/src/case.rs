//! What a case is, and what all of them share.

use std::task::{Context as TaskContext, Poll, Waker};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::sampling::AlwaysOff;
use tracing_core_lite::{Tracer, TracerProvider};

/// One row of the table, for each of its parents.
pub struct Case {
    pub name: &'static str,
    pub parents: &'static [Parent],
    /// Builds the work: traced with the provider, or bare without one.
    pub make: fn(Parent, Option<&Provider>) -> Work,
}

/// A call that can be repeated.
pub struct Work {
    pub call: Box<dyn FnMut()>,
    /// Runs between rounds of calls. It is not counted.
    pub rest: Box<dyn FnMut()>,
}

/// The caller's span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    Sampled,
    Unsampled,
    /// The call starts a trace.
    Absent,
}

pub const SAMPLED_OR_NOT: &[Parent] = &[Parent::Sampled, Parent::Unsampled];
pub const ROOT: &[Parent] = &[Parent::Absent];
pub const ALL_PARENTS: &[Parent] = &[Parent::Sampled, Parent::Unsampled, Parent::Absent];

impl Parent {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Unsampled => "unsampled",
            Self::Absent => "root",
        }
    }

    pub fn named(name: &str) -> Result<Self, String> {
        let found = ALL_PARENTS.iter().find(|parent| parent.name() == name);
        found.copied().ok_or_else(|| format!("there is no parent {name:?}"))
    }

    /// The header that the caller sends.
    pub fn traceparent(self) -> Option<&'static str> {
        match self {
            Self::Sampled => Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            Self::Unsampled => Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
            Self::Absent => None,
        }
    }

    /// The span of a caller in another process.
    pub fn remote(self) -> SpanContext {
        if self == Self::Absent {
            return SpanContext::NONE;
        }
        let flags = TraceFlags::default().with_sampled(self == Self::Sampled);
        SpanContext::new(TraceId::from(7_u128), SpanId::from(7_u64), flags, true, TraceState::NONE)
    }

    /// Makes the caller's span current until the process ends.
    pub fn attach(self) {
        if self != Self::Absent {
            std::mem::forget(Context::new().with_remote_span_context(self.remote()).attach());
        }
    }
}

impl Work {
    pub fn new(call: impl FnMut() + 'static) -> Self {
        Self { call: Box::new(call), rest: Box::new(|| {}) }
    }
}

/// What records the spans of a case.
pub enum Provider {
    Suite(TracerProvider),
    /// The global provider of the OpenTelemetry API.
    OpenTelemetry,
}

impl Provider {
    pub fn tracer(&self, name: &'static str) -> Tracer {
        match self {
            Self::Suite(provider) => provider.tracer(name),
            Self::OpenTelemetry => Tracer::global_named(name),
        }
    }
}

/// A layer or wrapper that records with a provider.
macro_rules! provided {
    ($wrapper:expr, $provider:expr) => {
        match $provider {
            $crate::case::Provider::Suite(provider) => $wrapper.with_provider(provider),
            $crate::case::Provider::OpenTelemetry => $wrapper,
        }
    };
}
pub(crate) use provided;

/// A provider with the default settings, whose exporter discards the spans.
pub fn provider() -> TracerProvider {
    TracerProvider::builder().with_exporter(Discard).build().expect("an export thread starts")
}

/// A provider that samples no trace.
pub fn never_sampling() -> TracerProvider {
    let builder = TracerProvider::builder().with_exporter(Discard).with_sampler(AlwaysOff);
    builder.build().expect("an export thread starts")
}

/// Runs a future that has nothing to wait for.
pub fn drive<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
