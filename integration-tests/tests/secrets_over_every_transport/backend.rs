//! A backend that receives OTLP over HTTP, and the application's own spans.

use std::time::Duration;

use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::exporters::otlp::OtlpHttp;
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{SpanContext, Status, TracerProvider, Value};

use crate::corpus::Secret;

/// A provider whose spans arrive at a receiver that keeps their bytes.
pub(crate) struct Backend {
    receiver: FakeOtlp,
    pub(crate) provider: TracerProvider,
    redaction: Redaction,
}

impl Backend {
    pub(crate) fn new(redaction: &Redaction) -> Self {
        let receiver = FakeOtlp::start().unwrap();
        let config = OtlpConfig::new().with_endpoint(receiver.url());
        let provider = TracerProvider::builder()
            .with_exporter(OtlpHttp::new(&config).unwrap())
            .with_redaction(redaction.clone())
            .build()
            .unwrap();
        Self { receiver, provider, redaction: redaction.clone() }
    }

    /// Records the secret as an application does: in attributes, events, errors, a link, names and the status of a span.
    pub(crate) fn record_everywhere(&self, secret: &Secret) {
        let linked = SpanContext::new(
            TraceId::from(7_u128),
            SpanId::from(7_u64),
            TraceFlags::SAMPLED,
            true,
            TraceState::default(),
        );
        let text = secret.anywhere();
        let keyed: [(&str, Value<'_>); 1] = [(secret.key.as_str(), secret.text.as_str().into())];
        let name = format!("handle {text}");
        self.provider.tracer("application").span(&name).start_with(|span| {
            span.set(secret.key.as_str(), secret.text.as_str())
                .set("note", text)
                .set("notes", &["other", text])
                .set("log.body", format!("{{\"note\":{}}}", serde_json::to_string(text).unwrap()).as_str())
                .set("url.query", format!("page=2&note={}", secret.encoded()).as_str())
                .add_event(&name, &keyed)
                .add_event("log", &[("message", format!("received {text} from a client").as_str().into())])
                .add_link(&linked, &keyed)
                .record_error(&std::io::Error::other(format!("cannot store {text}: disk full")))
                .set_status(Status::error(name.clone()));
        });
    }

    /// Checks that all spans have arrived, at least `spans` of them, and none of the secrets.
    pub(crate) fn assert_without(self, secrets: &[Secret], spans: usize) {
        self.provider.shutdown(Duration::from_secs(30)).unwrap();
        let requests = self.receiver.requests();
        let received = self.receiver.spans();
        assert!(received.len() >= spans, "{} of {spans} spans", received.len());
        let raw: Vec<_> = requests.iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect();
        let decoded = format!("{received:?}");
        let mut found = Vec::new();
        for secret in secrets {
            for spelling in secret.spellings() {
                if decoded.contains(&spelling) || raw.iter().any(|body| body.contains(&spelling)) {
                    let at = decoded.find(&spelling).unwrap_or(0);
                    let start = (0..=at.saturating_sub(200)).rev().find(|at| decoded.is_char_boundary(*at));
                    found.push(format!("{}: {}", secret.id, &decoded[start.unwrap_or(0)..at]));
                }
            }
        }
        assert_eq!(found, Vec::<String>::new());
        assert!(self.redaction.stats().total() >= secrets.len() as u64);
    }
}
