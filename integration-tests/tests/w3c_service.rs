//! The W3C test service does what the Trace Context validation suite requires, over real HTTP.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Router, serve};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_core_lite::testing::TestSpans;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The paths and headers of the calls that the service made.
type Calls = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// The service under test, and a server that keeps the headers of its calls.
struct Suite {
    service: String,
    callback: String,
    calls: Calls,
    spans: TestSpans,
}

/// The headers of one call of the service.
struct Call(HeaderMap);

impl Suite {
    async fn start() -> Self {
        let spans = TestSpans::new();
        let service = listen(examples::w3c_service::router(spans.provider())).await;
        let calls: Calls = Arc::default();
        async fn keep(State(calls): State<Calls>, Path(id): Path<String>, headers: HeaderMap) {
            calls.lock().unwrap().push((id, headers));
        }
        let callback =
            listen(Router::new().route("/callback/{id}", post(keep)).with_state(Arc::clone(&calls))).await;
        Self { service, callback, calls, spans }
    }

    /// Posts `body` with exactly these `headers`, including duplicates.
    async fn post(&self, headers: &[(&str, &str)], body: String) -> StatusCode {
        let mut request =
            Request::post(format!("{}/test", self.service)).body(Full::<Bytes>::from(body)).unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        client.request(request).await.unwrap().status()
    }

    /// Has the service make one call, and returns the headers of that call.
    async fn call(&self, headers: &[(&str, &str)]) -> Call {
        let body = json!([{ "url": format!("{}/callback/a", self.callback), "arguments": [] }]);
        assert_eq!(self.post(headers, body.to_string()).await, StatusCode::OK);
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
        assert_eq!(calls.len(), 1);
        Call(calls.remove(0).1)
    }
}

impl Call {
    /// Returns trace id, parent id and flags of the only `traceparent`, which must be valid.
    fn traceparent(&self) -> (String, String, String) {
        let all: Vec<_> = self.0.get_all("traceparent").iter().collect();
        let [value] = all.as_slice() else { panic!("one traceparent: {all:?}") };
        let value = value.to_str().unwrap();
        let parts: Vec<&str> = value.split('-').collect();
        let [version, trace_id, parent_id, flags] = parts.as_slice() else { panic!("{value}") };
        assert_eq!((*version, trace_id.len(), parent_id.len(), flags.len()), ("00", 32, 16, 2), "{value}");
        assert!(value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{value}");
        ((*trace_id).to_owned(), (*parent_id).to_owned(), (*flags).to_owned())
    }

    fn trace_id(&self) -> String {
        self.traceparent().0
    }

    /// Returns the members of all `tracestate` headers.
    fn tracestate(&self) -> Vec<String> {
        let values = self.0.get_all("tracestate").iter();
        let members = values.flat_map(|value| value.to_str().unwrap().split(','));
        members.map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
    }
}

async fn listen(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn both_headers_are_forwarded() {
    let suite = Suite::start().await;
    let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", "foo=1,bar=2")]).await;
    let (trace_id, parent_id, flags) = call.traceparent();
    assert_eq!((trace_id.as_str(), flags.as_str()), (TRACE_ID, "01"));
    assert_ne!(parent_id, PARENT_ID);
    assert_eq!(call.tracestate(), ["foo=1", "bar=2"]);

    // The parent id that was sent is that of the client span, below the caller's span.
    let spans = suite.spans.finished();
    let client = spans.iter().find(|it| it.span.span_id.to_string() == parent_id).unwrap();
    let server = spans.iter().find(|it| it.span.span_id == client.span.parent_span_id).unwrap();
    assert_eq!(server.span.parent_span_id.to_string(), PARENT_ID);
}

#[tokio::test]
async fn without_headers_a_trace_begins() {
    let suite = Suite::start().await;
    let (first, second) = (suite.call(&[]).await.trace_id(), suite.call(&[]).await.trace_id());
    assert_ne!(first, second);
    // A tracestate without a traceparent is dropped.
    assert_eq!(suite.call(&[("tracestate", "foo=1")]).await.tracestate(), Vec::<String>::new());
}

#[tokio::test]
async fn a_malformed_traceparent_starts_a_new_trace() {
    let cases: &[(&str, &str)] = &[
        ("empty", ""),
        ("upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
        ("trace id all zero", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        ("parent id all zero", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        ("trace id too short", "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01"),
        ("trace id too long", "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01"),
        ("parent id too short", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01"),
        ("parent id too long", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01"),
        ("no flags", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"),
        ("flags too short", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"),
        ("flags too long", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001"),
        ("flags not hex", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.0"),
        ("trace id not hex", "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("parent id not hex", "00-4bf92f3577b34da6a3ce929d0e0e4736-.0f067aa0ba902b7-01"),
        ("version ff", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("version too short", "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("version too long", "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("version not hex", ".0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("more in version 00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what"),
        ("dash at the end", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-"),
        ("underscores", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"),
        ("future version, no dash", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"),
    ];
    let suite = Suite::start().await;
    for (name, traceparent) in cases {
        let call = suite.call(&[("traceparent", traceparent), ("tracestate", "foo=1")]).await;
        assert_ne!(call.trace_id(), TRACE_ID, "{name}");
        assert_eq!(call.tracestate(), Vec::<String>::new(), "{name}: its tracestate is dropped, too");
    }
}

#[tokio::test]
async fn a_future_version_is_read_as_far_as_it_is_known() {
    let suite = Suite::start().await;
    for traceparent in [
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
    ] {
        let call = suite.call(&[("traceparent", traceparent)]).await;
        assert_eq!(call.trace_id(), TRACE_ID, "{traceparent}");
    }
}

#[tokio::test]
async fn white_space_and_case_of_the_name_do_not_matter() {
    let suite = Suite::start().await;
    for name in ["traceparent", "TraceParent", "TRACEPARENT"] {
        assert_eq!(suite.call(&[(name, TRACEPARENT)]).await.trace_id(), TRACE_ID, "{name}");
    }
    for value in [format!(" {TRACEPARENT}"), format!("{TRACEPARENT}\t "), format!("\t{TRACEPARENT}\t")] {
        assert_eq!(suite.call(&[("traceparent", &value)]).await.trace_id(), TRACE_ID, "{value:?}");
    }
}

#[tokio::test]
async fn similar_header_names_are_ignored() {
    let suite = Suite::start().await;
    for name in ["trace-parent", "trace.parent"] {
        assert_ne!(suite.call(&[(name, TRACEPARENT)]).await.trace_id(), TRACE_ID, "{name}");
    }
    for name in ["trace-state", "trace.state"] {
        let call = suite.call(&[("traceparent", TRACEPARENT), (name, "foo=1")]).await;
        assert_eq!(call.tracestate(), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn every_valid_character_of_tracestate_is_passed_on() {
    let suite = Suite::start().await;
    let letters: String = ('a'..='z').collect();
    let value: String = (' '..='~').filter(|it| !matches!(it, ',' | '=')).collect();
    for key in
        [format!("{letters}0123456789_-*/"), format!("{letters}0123456789_-*/@a-z0-9_-*/"), "z".repeat(256)]
    {
        let member = format!("{key}={value}");
        let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", &member)]).await;
        let headers: Vec<_> = call.0.get_all("tracestate").iter().collect();
        assert_eq!(headers, [member.as_str()]);
    }
}

#[tokio::test]
async fn two_traceparents_start_a_new_trace() {
    let suite = Suite::start().await;
    let other = "00-12345678901234567890123456789012-1234567890123456-01";
    let call = suite.call(&[("traceparent", TRACEPARENT), ("traceparent", other)]).await;
    assert!(![TRACE_ID, "12345678901234567890123456789012"].contains(&call.trace_id().as_str()));
}

#[tokio::test]
async fn the_sampled_flag_is_kept() {
    let suite = Suite::start().await;
    for (sent, expected) in [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03")] {
        let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-{sent}");
        let (trace_id, parent_id, flags) = suite.call(&[("traceparent", &traceparent)]).await.traceparent();
        assert_eq!((trace_id.as_str(), flags.as_str()), (TRACE_ID, expected));
        assert_ne!(parent_id, PARENT_ID, "an unsampled hop has its own id, too");
    }
}

#[tokio::test]
async fn tracestate_headers_are_combined() {
    let suite = Suite::start().await;
    let cases: &[(&[&str], &[&str])] = &[
        (&["foo=1", "bar=2"], &["foo=1", "bar=2"]),
        (&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], &["foo=1", "bar=2", "rojo=1", "congo=2", "baz=3"]),
        (&["", "foo=1"], &["foo=1"]),
        (&["foo=1", ""], &["foo=1"]),
        (&["foo=1 \t , \t bar=2"], &["foo=1", "bar=2"]),
    ];
    for (sent, expected) in cases {
        let mut headers = vec![("traceparent", TRACEPARENT)];
        headers.extend(sent.iter().map(|value| ("tracestate", *value)));
        assert_eq!(suite.call(&headers).await.tracestate(), *expected, "{sent:?}");
    }
}

#[tokio::test]
async fn a_malformed_tracestate_does_not_end_the_trace() {
    let long_key = format!("{}=1", "t".repeat(257));
    let suite = Suite::start().await;
    for tracestate in ["foo", "foo =1", "FOO=1", "foo.bar=1", "foo=1=2", "=", long_key.as_str()] {
        let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", tracestate)]).await;
        assert_eq!(call.trace_id(), TRACE_ID, "{tracestate}");
        assert!(!call.tracestate().iter().any(|member| member == tracestate), "{tracestate}");
    }
}

#[tokio::test]
async fn duplicate_keys_do_not_end_the_trace() {
    let suite = Suite::start().await;
    let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", "foo=1,foo=2")]).await;
    assert_eq!(call.trace_id(), TRACE_ID);
    // Level 2 allows keeping the first, both or none. This implementation keeps the first.
    assert_eq!(call.tracestate(), ["foo=1"]);
}

#[tokio::test]
async fn tracestate_holds_32_members() {
    let suite = Suite::start().await;
    let members =
        |count: usize| (1..=count).map(|it| format!("bar{it:02}={it:02}")).collect::<Vec<_>>().join(",");
    let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", &members(32))]).await;
    assert_eq!(call.tracestate().len(), 32);
    let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", &members(33))]).await;
    assert_eq!(call.trace_id(), TRACE_ID);
    assert!(call.tracestate().len() <= 32, "33 members are too many");
    // 512 bytes must be passed on.
    let long = format!("foo={},bar={}", "f".repeat(251), "b".repeat(252));
    assert_eq!(long.len(), 512);
    let call = suite.call(&[("traceparent", TRACEPARENT), ("tracestate", &long)]).await;
    assert_eq!(call.tracestate().join(","), long);
}

#[tokio::test]
async fn baggage_is_passed_on() {
    let suite = Suite::start().await;
    let call =
        suite.call(&[("traceparent", TRACEPARENT), ("baggage", "tenant=a%20b;secret=no,plan=gold")]).await;
    let baggage = call.0.get("baggage").unwrap().to_str().unwrap();
    let members: HashSet<&str> = baggage.split(',').map(str::trim).collect();
    assert_eq!(members, HashSet::from(["tenant=a%20b;secret=no", "plan=gold"]));
}

#[tokio::test]
async fn every_call_has_a_parent_id_of_its_own() {
    let suite = Suite::start().await;
    let callback = &suite.callback;
    let nested = json!([{ "url": format!("{callback}/callback/c"), "arguments": [] }]);
    let body = json!([
        { "url": format!("{callback}/callback/a"), "arguments": [] },
        { "url": format!("{callback}/callback/b") },
        { "url": format!("{}/test", suite.service), "arguments": nested },
    ]);
    assert_eq!(suite.post(&[("traceparent", TRACEPARENT)], body.to_string()).await, StatusCode::OK);
    let calls = suite.calls.lock().unwrap();
    let ids: Vec<&str> = calls.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let seen: Vec<_> = calls.iter().map(|(_, headers)| Call(headers.clone()).traceparent()).collect();
    assert!(seen.iter().all(|(trace_id, _, _)| trace_id == TRACE_ID));
    let parents: HashSet<_> = seen.iter().map(|(_, parent_id, _)| parent_id).collect();
    assert_eq!(parents.len(), 3);
}

#[tokio::test]
async fn a_malformed_body_is_a_bad_request() {
    let suite = Suite::start().await;
    let deep = format!("[{{\"url\":\"http://127.0.0.1:1/\",\"arguments\":{}}}]", "[".repeat(100_000));
    for body in ["", "nonsense", "{}", "[1]", "[{}]", r#"[{"url": 7}]"#, r#"[{"url": "http://a b/"}]"#, &deep]
    {
        let status = suite.post(&[], body.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}", &body[..body.len().min(40)]);
    }
    assert_eq!(suite.post(&[], Value::Array(Vec::new()).to_string()).await, StatusCode::OK);
}

#[tokio::test]
async fn an_unreachable_peer_is_not_a_failure() {
    let suite = Suite::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let body = json!([{ "url": format!("http://{nobody}/"), "arguments": [] }]);
    assert_eq!(suite.post(&[], body.to_string()).await, StatusCode::OK);
}
