//! Jaeger's strategies are read unchanged, polled, and their errors name the line.
#![cfg(feature = "jaeger")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::SpanKind;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::sampling::{self, Record, Sampler, SamplerError, SamplingInput};
use tracing_sampling::config::jaeger::{JaegerRemote, OperationStrategies, Strategies, Strategy};

/// The example of Jaeger's documentation.
const EXAMPLE: &str = r#"{
  "service_strategies": [
    {
      "service": "foo",
      "type": "probabilistic",
      "param": 0.8,
      "operation_strategies": [
        {
          "operation": "op1",
          "type": "probabilistic",
          "param": 0.2
        },
        {
          "operation": "op2",
          "type": "probabilistic",
          "param": 0.4
        }
      ]
    },
    {
      "service": "bar",
      "type": "ratelimiting",
      "param": 5
    }
  ],
  "default_strategy": {
    "type": "probabilistic",
    "param": 0.5,
    "operation_strategies": [
      {
        "operation": "/health",
        "type": "probabilistic",
        "param": 0.0
      },
      {
        "operation": "/metrics",
        "type": "probabilistic",
        "param": 0.0
      }
    ]
  }
}"#;

fn per_operation(default: Strategy, operations: &[(&str, f64)]) -> Strategy {
    let start = OperationStrategies::new(default);
    let all = operations
        .iter()
        .fold(start, |all, (operation, rate)| all.with_operation(*operation, Strategy::Probabilistic(*rate)));
    Strategy::PerOperation(Box::new(all))
}

#[test]
fn the_file() {
    let strategies = Strategies::parse(EXAMPLE).expect("valid");
    let common = [("/health", 0.0), ("/metrics", 0.0)];
    let foo = [("op1", 0.2), ("op2", 0.4), common[0], common[1]];
    assert_eq!(*strategies.strategy("foo"), per_operation(Strategy::Probabilistic(0.8), &foo));
    assert_eq!(*strategies.strategy("bar"), per_operation(Strategy::RateLimiting(5.0), &common));
    assert_eq!(*strategies.strategy("baz"), per_operation(Strategy::Probabilistic(0.5), &common));
    let empty = Strategies::parse("{}").expect("valid");
    assert_eq!(*empty.strategy("any"), Strategy::Probabilistic(0.001));
}

#[test]
fn an_error_names_the_line() {
    for (from, to, message) in [
        ("\"param\": 0.2", "\"param\": 1.2", "line 11: param is 1.2: use a number from 0 to 1"),
        ("\"param\": 5", "\"param\": -5", "line 23: param is -5: use a number that is at least 0"),
        ("\"param\": 5", "\"param\": \"5\"", "line 23: param is \"5\": use a number"),
        (
            "\"ratelimiting\"",
            "\"limited\"",
            "line 22: unknown type \"limited\": use probabilistic or ratelimiting",
        ),
        ("\"service\": \"bar\"", "\"name\": \"bar\"", "line 22: a service strategy has no service"),
        ("\"service\": \"bar\"", "\"service\": 7", "line 21: service is 7: use a string"),
        ("\"param\": 5", "\"parameter\": 5", "line 24: missing field `param`"),
        ("\"param\": 5", "\"param\": 5,", "line 24: trailing comma"),
        ("\"param\": 0.8,", "\"param\": 0.8", "line 7: expected `,` or `}`"),
    ] {
        let error = Strategies::parse(&EXAMPLE.replacen(from, to, 1)).expect_err(to);
        assert!(error.to_string().starts_with(message), "{to}: {error}");
    }
    assert!(Strategies::parse("").is_err());
    assert!(Strategies::parse("[]").is_err());
}

#[test]
fn responses() {
    let bounded = OperationStrategies::new(Strategy::Probabilistic(0.1))
        .with_lower_bound(2.0)
        .with_operation("GET /", Strategy::Probabilistic(0.5));
    for (text, expected) in [
        (
            r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}"#,
            Strategy::Probabilistic(0.5),
        ),
        (r#"{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}"#, Strategy::Probabilistic(1.0)),
        // The JSON of protobuf leaves out zeros.
        (r#"{"probabilisticSampling":{}}"#, Strategy::Probabilistic(0.0)),
        (
            r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}"#,
            Strategy::RateLimiting(5.0),
        ),
        (
            r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":0}}"#,
            Strategy::RateLimiting(0.0),
        ),
        (
            r#"{"strategyType":"PROBABILISTIC","operationSampling":{"defaultSamplingProbability":0.1,
               "defaultLowerBoundTracesPerSecond":2,"perOperationStrategies":[
               {"operation":"GET /","probabilisticSampling":{"samplingRate":0.5}}]}}"#,
            Strategy::PerOperation(Box::new(bounded)),
        ),
        (
            r#"{"operationSampling":{"perOperationStrategies":null}}"#,
            per_operation(Strategy::Probabilistic(0.0), &[]),
        ),
    ] {
        let read = Strategy::from_response(text).expect(text);
        assert_eq!(read, expected, "{text}");
        assert_eq!(Strategy::from_response(&read.to_response()).expect("our own"), expected, "{text}");
    }
    for (text, message) in [
        ("{\n\"strategyType\":\n\"ADAPTIVE\"}", "line 3: unknown strategyType \"ADAPTIVE\""),
        ("{\"probabilisticSampling\":\n{\"samplingRate\":2}}", "line 2: samplingRate is 2"),
        ("<html>", "line 1: expected value"),
    ] {
        let error = Strategy::from_response(text).expect_err(text);
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

/// An endpoint that answers every request with the current body, and counts the requests by their target.
struct Endpoint {
    address: SocketAddr,
    body: Arc<Mutex<String>>,
    targets: Arc<Mutex<HashMap<String, usize>>>,
}

impl Endpoint {
    fn start(body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let endpoint = Self {
            address: listener.local_addr().expect("an address"),
            body: Arc::new(Mutex::new(body.to_owned())),
            targets: Arc::default(),
        };
        let (body, targets) = (Arc::clone(&endpoint.body), Arc::clone(&endpoint.targets));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = [0; 4096];
                let Ok(len) = stream.read(&mut request) else { continue };
                let head = String::from_utf8_lossy(&request[..len]).into_owned();
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                *targets.lock().expect("no panic").entry(target).or_default() += 1;
                let body = body.lock().expect("no panic").clone();
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _sent =
                    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
            }
        });
        endpoint
    }

    fn set(&self, body: &str) {
        *self.body.lock().expect("no panic") = body.to_owned();
    }
}

fn wait_for(what: &str, is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn samples(sampler: &impl Sampler, operation: &str) -> bool {
    let decision = sampler.sample(&SamplingInput::new(None, TraceId::from(1), operation, &SpanKind::Server));
    decision.record == Record::RecordAndSample
}

#[test]
fn an_endpoint_is_polled() {
    let rate = |rate: f64| Strategy::Probabilistic(rate).to_response();
    let endpoint = Endpoint::start(&rate(1.0));
    let sampler = JaegerRemote::builder("my orders")
        .with_endpoint(format!("http://{}", endpoint.address))
        .with_polling_interval(Duration::from_millis(5))
        .with_initial_sampling_rate(0.0)
        .start()
        .expect("a valid URL");
    wait_for("the first strategy", || samples(&sampler, "GET /"));
    assert!(endpoint.targets.lock().expect("no panic").contains_key("/sampling?service=my%20orders"));
    endpoint.set(&rate(0.0));
    wait_for("the second strategy", || !samples(&sampler, "GET /"));
    endpoint.set(&rate(1.0));
    wait_for("the third strategy", || samples(&sampler, "GET /"));
    endpoint.set("not JSON");
    wait_for("an error", || sampler.status().error.is_some());
    assert!(samples(&sampler, "GET /"), "the last strategy stays in force");
    assert_eq!(sampler.status().strategy, Some(Strategy::Probabilistic(1.0)));
    endpoint.set(&rate(0.0));
    wait_for("the strategy after an error", || {
        !samples(&sampler, "GET /") && sampler.status().error.is_none()
    });
}

#[test]
fn a_file_is_polled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("strategies.json");
    let sampler = JaegerRemote::builder("foo")
        .with_file(&path)
        .with_polling_interval(Duration::from_millis(5))
        .with_initial_sampling_rate(1.0)
        .start()
        .expect("a thread");
    wait_for("the missing file", || sampler.status().error.is_some());
    assert!(samples(&sampler, "op1"), "the initial rate");
    std::fs::write(&path, EXAMPLE.replace("0.2", "0.0").replace("0.8", "1.0")).expect("written");
    wait_for("the file", || sampler.status().strategy.is_some());
    assert!(!samples(&sampler, "op1") && !samples(&sampler, "/health") && samples(&sampler, "other"));
}

#[test]
fn named_in_the_environment() {
    tracing_sampling::register();
    let endpoint = Endpoint::start(&Strategy::Probabilistic(1.0).to_response());
    let argument =
        format!("endpoint=http://{},pollingIntervalMs=5000,initialSamplingRate=0.25", endpoint.address);
    for (name, description) in
        [("jaeger_remote", "JaegerRemote{"), ("parentbased_jaeger_remote", "ParentBased{root:JaegerRemote{")]
    {
        let variables = |variable: &str| match variable {
            "OTEL_TRACES_SAMPLER" => Some(name.to_owned()),
            "OTEL_TRACES_SAMPLER_ARG" => Some(argument.clone()),
            _ => None,
        };
        let (sampler, warnings) = sampling::from_env_for("orders", &variables);
        assert!(sampler.description().starts_with(description), "{} {warnings:?}", sampler.description());
        wait_for("the strategy", || samples(&sampler, "GET /"));
    }
    for (argument, message) in [
        ("endpoint=localhost:5778", "is not a URL"),
        ("endpoint=http://localhost:14250", "gRPC port"),
        ("pollingIntervalMs=0", "use a number of milliseconds above 0"),
        ("initialSamplingRate=2", "use a number from 0 to 1"),
        ("rate=1", "unknown key \"rate\""),
        ("endpoint", "is not key=value"),
    ] {
        let error = sampling::from_names("jaeger_remote", Some(argument)).expect_err(argument);
        assert!(
            matches!(&error, SamplerError::Registered { .. }) && error.to_string().contains(message),
            "{error}"
        );
        assert!(error.fallback().description().starts_with("TraceIdRatioBased{0.001"));
    }
}
