//! Environment variables configure tracing. Invalid values never stop a program: they become warnings.
#![cfg(all(feature = "testing", feature = "otlp-http"))]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{Context, Init, InitError, TracerProvider, init};

const SOON: Duration = Duration::from_secs(10);

fn start(init: Init, variables: &[(&str, &str)]) -> Result<(TracerProvider, Vec<String>), InitError> {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    init.build(&move |name: &str| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
}

fn with_memory(variables: &[(&str, &str)]) -> (TracerProvider, MemoryExporter, Vec<String>) {
    let memory = MemoryExporter::new();
    let (provider, warnings) = start(init().with_exporter(memory.clone()), variables).unwrap();
    (provider, memory, warnings)
}

fn record_roots(provider: &TracerProvider, count: usize) {
    for _ in 0..count {
        provider.tracer("test").span("work").with_parent(&Context::new()).start();
    }
    provider.flush(SOON).unwrap();
}

#[test]
fn spans_go_by_otlp_over_http_to_the_endpoint() {
    let endpoint = FakeOtlp::start().unwrap();
    let url = endpoint.url();
    let (provider, warnings) = start(
        init().with_service_name("orders"),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=shop"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ],
    )
    .unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    record_roots(&provider, 3);
    let received = endpoint.requests();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].header("x-team"), Some("shop"));
    let spans = endpoint.spans();
    assert_eq!(spans.len(), 3);
    let resource =
        |key: &str| spans[0].resource.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    assert_eq!(resource("service.name"), Some(AnyValue::String("orders".into())));
    assert_eq!(resource("deployment.environment.name"), Some(AnyValue::String("test".into())));
    assert_eq!(resource("telemetry.sdk.language"), Some(AnyValue::String("rust".into())));
}

#[test]
fn an_exporter_in_addition_to_those_of_the_environment() {
    let endpoint = FakeOtlp::start().unwrap();
    let url = endpoint.url();
    for (name, exporters, sent) in [("with otlp", "otlp", 1), ("alone", "none", 0)] {
        let memory = MemoryExporter::new();
        let variables = [("OTEL_TRACES_EXPORTER", exporters), ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
        let (provider, _) = start(init().with_additional_exporter(memory.clone()), &variables).unwrap();
        let before = endpoint.spans().len();
        record_roots(&provider, 1);
        assert_eq!(memory.finished().len(), 1, "{name}");
        assert_eq!(endpoint.spans().len() - before, sent, "{name}");
    }
}

#[test]
fn code_wins_over_the_environment() {
    let variables = [("OTEL_SERVICE_NAME", "from the environment"), ("OTEL_TRACES_SAMPLER", "always_off")];
    let (provider, _) = start(
        init()
            .with_service_name("from code")
            .with_sampler(tracing_core_lite::sampling::AlwaysOn)
            .with_exporter(MemoryExporter::new()),
        &variables,
    )
    .unwrap();
    assert_eq!(provider.resource().get("service.name").unwrap().as_str(), "from code");
    assert!(provider.tracer("test").span("work").with_parent(&Context::new()).start().is_recording());
}

#[test]
fn samplers_are_chosen_by_name() {
    for (name, argument, recorded) in [
        ("always_on", "", 10),
        ("always_off", "", 0),
        ("traceidratio", "1.0", 10),
        ("traceidratio", "0", 0),
        ("parentbased_always_off", "", 0),
        ("parentbased_traceidratio", "1", 10),
    ] {
        let (provider, memory, warnings) =
            with_memory(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        record_roots(&provider, 10);
        assert_eq!(memory.finished().len(), recorded, "{name} {argument}");
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn a_ratio_writes_its_threshold_into_the_tracestate() {
    let (provider, memory, _) =
        with_memory(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")]);
    record_roots(&provider, 200);
    let spans = memory.finished();
    assert!((50..150).contains(&spans.len()), "{} of 200", spans.len());
    assert!(spans.iter().all(|finished| finished.span.trace_state == "ot=th:8"));
}

#[test]
fn a_disabled_sdk_records_nothing_and_passes_contexts_on() {
    let (provider, memory, _) = with_memory(&[("OTEL_SDK_DISABLED", "TRUE")]);
    record_roots(&provider, 5);
    assert!(memory.finished().is_empty());
    let incoming: std::collections::HashMap<String, String> =
        [("traceparent".to_owned(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned())]
            .into();
    let parent = provider.propagator().extract(&incoming).into_context();
    let span = provider.tracer("test").span("work").with_parent(&parent).start();
    let mut outgoing = std::collections::HashMap::new();
    provider.propagator().inject(&span.in_context(&parent), &mut outgoing);
    assert_eq!(outgoing, incoming);
}

#[test]
fn limits_of_spans_are_kept() {
    let (provider, memory, _) = with_memory(&[
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1"),
    ]);
    let tracer = provider.tracer("test");
    let other = tracer.span("other").with_parent(&Context::new()).start();
    let span = tracer.span("limited").with_parent(&Context::new()).start();
    span.set("a", "ääääää");
    span.set("b", &["xxxxx", "yy"]);
    span.set("c", 1);
    for _ in 0..3 {
        span.add_event("event", &[("a", 1.into()), ("b", 2.into())]);
        span.add_link(other.span_context(), &[("a", 1.into()), ("b", 2.into()), ("c", 3.into())]);
    }
    span.end();
    provider.flush(SOON).unwrap();
    let span = memory.finished().remove(0).span;
    assert_eq!(span.attributes[0].1, AnyValue::String("äää".into()));
    assert_eq!(
        span.attributes[1].1,
        AnyValue::Array(vec![AnyValue::String("xxx".into()), AnyValue::String("yy".into())])
    );
    assert_eq!((span.attributes.len(), span.dropped_attributes_count), (2, 1));
    assert_eq!((span.events.len(), span.dropped_events_count), (1, 2));
    assert_eq!((span.links.len(), span.dropped_links_count), (1, 2));
    assert_eq!((span.events[0].attributes.len(), span.events[0].dropped_attributes_count), (1, 1));
    assert_eq!((span.links[0].attributes.len(), span.links[0].dropped_attributes_count), (1, 2));
}

#[test]
fn batch_settings_are_kept() {
    let (provider, memory, _) = with_memory(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "1000"),
    ]);
    provider.tracer("test").span("work").with_parent(&Context::new()).start();
    let deadline = std::time::Instant::now() + SOON;
    while memory.finished().is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(memory.finished().len(), 1, "the schedule exports it without a flush");
}

#[test]
fn invalid_values_are_ignored_with_a_warning() {
    let (provider, memory, warnings) = with_memory(&[
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_PROPAGATORS", "carrier-pigeon"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_RESOURCE_ATTRIBUTES", "nonsense"),
    ]);
    record_roots(&provider, 1);
    assert_eq!(memory.finished().len(), 1, "tracing works all the same");
    for variable in
        ["OTEL_TRACES_SAMPLER", "OTEL_PROPAGATORS", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_RESOURCE_ATTRIBUTES"]
    {
        assert!(warnings.iter().any(|warning| warning.contains(variable)), "{variable}: {warnings:?}");
    }
}

fn received(endpoint: &FakeOtlp, variables: &[(&str, &str)]) -> (usize, Vec<String>) {
    let url = endpoint.url();
    let mut variables = variables.to_vec();
    variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()));
    let (provider, warnings) = start(init(), &variables).unwrap();
    let before = endpoint.spans().len();
    record_roots(&provider, 1);
    (endpoint.spans().len() - before, warnings)
}

#[test]
fn exporters_that_are_not_known_are_ignored_with_a_warning() {
    let endpoint = FakeOtlp::start().unwrap();
    for (names, sent, warned) in [
        ("otlp", 1, 0),
        ("OTLP", 1, 0),
        ("none", 0, 0),
        ("None", 0, 0),
        ("zipkin,otlp", 1, 1),
        // The setting is ignored, so the default applies.
        ("jaeger", 1, 1),
        ("logging", 1, 1),
        ("zipkin, fax", 1, 2),
        ("fax,none", 0, 1),
        (" , ", 1, 0),
    ] {
        let (received, warnings) = received(&endpoint, &[("OTEL_TRACES_EXPORTER", names)]);
        assert_eq!(received, sent, "{names}");
        assert_eq!(warnings.len(), warned, "{names}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains("OTEL_TRACES_EXPORTER")), "{warnings:?}");
    }
}

#[test]
fn an_endpoint_of_the_environment_needs_no_scheme() {
    let endpoint = FakeOtlp::start().unwrap();
    let address = endpoint.url().replace("http://", "");
    let by_name = address.replace("127.0.0.1", "localhost");
    for address in [address, by_name] {
        let (provider, warnings) = start(init(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]).unwrap();
        assert_eq!(warnings, Vec::<String>::new(), "{address}");
        let before = endpoint.spans().len();
        record_roots(&provider, 1);
        assert_eq!(endpoint.spans().len() - before, 1, "{address}");
    }
}

/// Spans are never sent to another place, or with less protection than requested.
#[test]
fn an_exporter_that_cannot_be_built_is_off_with_a_warning() {
    let endpoint = FakeOtlp::start().unwrap();
    let url = endpoint.url();
    let secure = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("not a URL", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]),
        ("another scheme", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "unix:///run/otlp")]),
        #[cfg(not(feature = "tls"))]
        ("https without the feature", &[secure]),
        #[cfg(not(feature = "otlp-grpc"))]
        (
            "gRPC without the feature",
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        ),
        #[cfg(feature = "tls")]
        ("a missing certificate", &[secure, ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem")]),
        #[cfg(feature = "tls")]
        (
            "a certificate without a key",
            &[secure, ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/nowhere/c.pem")],
        ),
        #[cfg(feature = "tls")]
        (
            "a missing key",
            &[
                secure,
                ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
                ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nowhere/key.pem"),
            ],
        ),
    ];
    let _ = (&url, secure);
    for (name, variables) in cases {
        let memory = MemoryExporter::new();
        let (provider, warnings) = start(init().with_additional_exporter(memory.clone()), variables).unwrap();
        record_roots(&provider, 1);
        assert_eq!(memory.finished().len(), 1, "{name}: the other exporter goes on");
        assert!(endpoint.requests().is_empty(), "{name}");
        assert!(warnings.iter().any(|warning| warning.contains("OTLP exporter")), "{name}: {warnings:?}");
    }
}

#[test]
fn settings_that_a_build_does_not_have_are_ignored_with_a_warning() {
    let endpoint = FakeOtlp::start().unwrap();
    for (variable, value) in [
        #[cfg(not(feature = "gzip"))]
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        #[cfg(not(feature = "otlp-json"))]
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/xml"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no pair"),
    ] {
        let (received, warnings) = received(&endpoint, &[(variable, value)]);
        assert_eq!(received, 1, "{variable}={value}");
        assert_eq!(warnings.len(), 1, "{variable}={value}: {warnings:?}");
        assert!(warnings[0].contains(variable), "{warnings:?}");
    }
}

#[test]
fn a_header_with_a_percent_sign_takes_no_other_with_it() {
    let endpoint = FakeOtlp::start().unwrap();
    let (received, warnings) =
        received(&endpoint, &[("OTEL_EXPORTER_OTLP_HEADERS", "x-a=50%,x-b=%zz%20z,x-c=ok,bad name=1")]);
    assert_eq!((received, warnings.len()), (1, 1), "{warnings:?}");
    let request = &endpoint.requests()[0];
    let headers = ["x-a", "x-b", "x-c"].map(|name| request.header(name));
    assert_eq!(headers, [Some("50%"), Some("%zz z"), Some("ok")]);
}

#[test]
fn an_invalid_propagator_takes_no_other_with_it() {
    let (provider, _, warnings) = with_memory(&[("OTEL_PROPAGATORS", "tracecontext,zipkin")]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("zipkin"), "{warnings:?}");
    assert_eq!(provider.propagator().fields().collect::<Vec<_>>(), ["traceparent", "tracestate"]);
}

#[test]
fn invalid_settings_in_code_fail() {
    for config in [
        OtlpConfig::new().with_endpoint("localhost:4318"),
        OtlpConfig::new().with_endpoint("not a url"),
        OtlpConfig::new().with_endpoint("ftp://collector"),
        OtlpConfig::new().with_header("bad name", "x"),
        OtlpConfig::new().with_endpoint("https://c").with_client_key("/nowhere/key.pem"),
    ] {
        assert!(config.build().is_err(), "{config:?}");
    }
}

#[test]
fn an_invalid_variable_takes_no_other_with_it() {
    let (provider, memory, warnings) = with_memory(&[
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "2k"),
        ("OTEL_RESOURCE_ATTRIBUTES", "nonsense"),
        ("OTEL_SERVICE_NAME", "orders"),
    ]);
    record_roots(&provider, 3);
    assert!(memory.finished().is_empty());
    assert_eq!(provider.resource().get("service.name").unwrap().as_str(), "orders");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn invalid_settings_of_the_exporter_do_not_stop_a_service() {
    let endpoint = FakeOtlp::start().unwrap();
    let (provider, warnings) = start(
        init(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.url().as_str()),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ],
    )
    .unwrap();
    record_roots(&provider, 1);
    assert_eq!(endpoint.spans().len(), 1);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}
