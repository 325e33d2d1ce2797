//! Trust boundaries over HTTP: strangers change neither the sampling nor what is sent on, and a secret in baggage reaches no
//! host outside the list, through any client, redirects and retries included.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::response::Redirect;
use axum::routing::{any, get};
use http::{HeaderMap, Request, Response, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanKind, TraceContextExt};
use support::{SAMPLED, attribute, serve, wait_for};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::propagation::boundary::{
    InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy, Partner, PeerIdentity,
};
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_http::client::ClientLayer;
use tracing_http::reqwest::{ReqwestService, TracedClient};
use tracing_http::server::ServerLayer;

const SECRET: &str = "q7Zk0secretW3x";
/// What carries context, in any format that the tests use.
const FIELDS: [&str; 6] = ["traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "uberctx-key"];

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// What a stranger sends: a sampled flag, 100 baggage members, 32 tracestate members.
fn strangers_request(trace: u128) -> http::request::Builder {
    let list = |count: usize| (0..count).map(|i| format!("key{i}={SECRET}")).collect::<Vec<_>>().join(",");
    Request::get("http://shop.example/orders")
        .header("traceparent", format!("00-{trace:032x}-00f067aa0ba902b7-01"))
        .header("tracestate", list(32))
        .header("baggage", list(100))
        .header("b3", format!("{trace:032x}-00f067aa0ba902b7-d"))
}

/// Calls another service through the client layer, and returns the headers that it gets.
async fn call_on(spans: &TestSpans) -> HeaderMap {
    let echo = tower::service_fn(|request: Request<Body>| async move {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = request.headers().clone();
        Ok::<_, Infallible>(response)
    });
    let client = ClientLayer::new().with_provider(spans.provider()).with_propagator(formats()).layer(echo);
    let request = Request::get("http://inventory.internal/").body(Body::empty()).unwrap();
    client.oneshot(request).await.unwrap().headers().clone()
}

fn formats() -> Propagator {
    Propagator::from_names("tracecontext,baggage,b3,jaeger").unwrap()
}

fn public() -> InboundBoundary {
    InboundBoundary::new(InboundPolicy::Public)
}

#[tokio::test]
async fn a_stranger_changes_neither_sampling_nor_what_is_sent_on() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1)))).unwrap();
    let seen: Seen = Seen::default();
    let inner = {
        let (spans, seen) = (spans.clone(), Arc::clone(&seen));
        tower::service_fn(move |request: Request<Body>| {
            let (spans, seen) = (spans.clone(), Arc::clone(&seen));
            async move {
                seen.lock().unwrap().push(request.headers().clone());
                let mut response = Response::new(Body::empty());
                *response.headers_mut() = call_on(&spans).await;
                Ok::<_, Infallible>(response)
            }
        })
    };
    let layer = || ServerLayer::new().with_provider(spans.provider()).with_propagator(formats());
    // A second layer, as of a nested router, trusts everyone.
    let mut server = layer().with_inbound_boundary(public()).layer(layer().layer(inner));
    let (mut sampled, mut traces) = (0, HashSet::new());
    for request in 0..2000_u128 {
        // Ids that every sampler would choose.
        let trace = ((request + 1) << 64) | 0xff_ffff_ffff_ffff;
        let request = strangers_request(trace).body(Body::empty()).unwrap();
        let sent = server.ready().await.unwrap().call(request).await.unwrap().headers().clone();
        let traceparent = sent["traceparent"].to_str().unwrap().to_owned();
        sampled += usize::from(traceparent.ends_with("-01") || traceparent.ends_with("-03"));
        assert!(traces.insert(traceparent[3..35].to_owned()), "a trace of its own");
        for (name, value) in &sent {
            let value = value.to_str().unwrap();
            assert!(!value.contains(SECRET) && !value.contains(&format!("{trace:032x}")), "{name}: {value}");
            assert!(name != "baggage" && !name.as_str().starts_with("uberctx"), "{name}: {value}");
        }
    }
    // Ten percent, within six standard deviations.
    assert!((120..280).contains(&sampled), "{sampled} of 2000");
    for headers in &*seen.lock().unwrap() {
        assert!(FIELDS.iter().all(|field| !headers.contains_key(*field)), "the service does not see them");
    }
    let all = wait_for(&spans, sampled).await;
    let outer: Vec<_> =
        all.iter().filter(|span| span.parent_span_id == opentelemetry::SpanId::INVALID).collect();
    assert_eq!(outer.len(), sampled);
    for span in outer {
        assert_eq!(attribute(span, "tracing_suite.boundary.policy").as_deref(), Some("public"));
        assert_eq!(span.links.len(), 1, "a link to what came in");
        assert!(span.links[0].trace_id.to_string().ends_with("00ffffffffffffff"));
    }
}

/// Serves one request and returns its server span and the headers of a call below it.
async fn served(layer: ServerLayer, spans: &TestSpans, request: Request<Body>) -> (SpanData, HeaderMap) {
    let inner = {
        let spans = spans.clone();
        tower::service_fn(move |_: Request<Body>| {
            let spans = spans.clone();
            async move {
                let mut response = Response::new(Body::empty());
                *response.headers_mut() = call_on(&spans).await;
                Ok::<_, Infallible>(response)
            }
        })
    };
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let sent = response.headers().clone();
    drop(response);
    let all = wait_for(spans, 2).await;
    (all.into_iter().find(|span| span.kind == SpanKind::Server).unwrap(), sent)
}

#[tokio::test]
async fn peers_hosts_and_identities_select_the_policy() {
    let boundary = || {
        public()
            .with_peers(["10.0.0.0/8"], InboundPolicy::Trusted)
            .unwrap()
            .with_identity("spiffe://acme/*", Partner::new("acme").with_baggage_keys(["region"]))
            .with_host("public.example", InboundPolicy::Public)
    };
    for (name, peer, identity, host, expected) in [
        ("inside", "10.1.1.1:5", None, "shop.example", None),
        ("outside", "203.0.113.9:5", None, "shop.example", Some("public")),
        ("partner", "203.0.113.9:5", Some("spiffe://acme/orders"), "shop.example", Some("partner")),
        ("public host", "10.1.1.1:5", None, "public.example:443", Some("public")),
    ] {
        let spans = TestSpans::new();
        let mut request = Request::get("/orders")
            .header("host", host)
            .header("traceparent", SAMPLED)
            .header("baggage", format!("region=eu,secret={SECRET}"))
            .body(Body::empty())
            .unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(tracing_http::PeerAddress(peer));
        if let Some(identity) = identity {
            request.extensions_mut().insert(PeerIdentity(identity.to_owned()));
        }
        let layer = ServerLayer::new().with_provider(spans.provider()).with_inbound_boundary(boundary());
        let (span, sent) = served(layer, &spans, request).await;
        assert_eq!(attribute(&span, "tracing_suite.boundary.policy").as_deref(), expected, "{name}");
        let continues = span.trace_id.to_string() == SAMPLED[3..35];
        assert_eq!(continues, expected != Some("public"), "{name}");
        let baggage = sent.get("baggage").map(|value| value.to_str().unwrap());
        match expected {
            Some("public") => assert_eq!(baggage, None, "{name}"),
            Some(_) => {
                assert_eq!(baggage, Some("region=eu"), "{name}");
                assert_eq!(attribute(&span, "service.peer.name").as_deref(), Some("acme"));
            }
            None => assert!(baggage.unwrap().contains(SECRET), "{name}"),
        }
    }
}

#[tokio::test]
async fn members_of_vendors_travel_in_order() {
    let members = (0..32).map(|i| format!("v{}={i}", 31 - i)).collect::<Vec<_>>().join(",");
    let spans = TestSpans::new();
    let request = Request::get("http://shop.example/")
        .header("traceparent", SAMPLED)
        .header("tracestate", &members)
        .body(Body::empty())
        .unwrap();
    let (_, sent) = served(ServerLayer::new().with_provider(spans.provider()), &spans, request).await;
    assert_eq!(sent["tracestate"], members.as_str());
}

#[tokio::test]
async fn responses_tell_the_trace_on_request() {
    let spans = TestSpans::new();
    let layer = ServerLayer::new()
        .with_provider(spans.provider())
        .with_trace_response_header(true)
        .with_server_timing_header(true);
    let inner = tower::service_fn(|_: Request<Body>| async {
        let response = Response::builder().header("server-timing", "db;dur=5").body(Body::empty());
        Ok::<_, Infallible>(response.unwrap())
    });
    let response = layer.layer(inner).oneshot(Request::new(Body::empty())).await.unwrap();
    let trace = response.headers()["traceresponse"].to_str().unwrap().to_owned();
    assert!(trace.starts_with("00-") && trace.len() == 55, "{trace}");
    let timings: Vec<_> = response.headers().get_all("server-timing").iter().collect();
    assert_eq!(timings, ["db;dur=5", format!("traceparent;desc=\"{trace}\"").as_str()]);
}

/// A server that keeps the headers of its requests. `/to?URL` redirects to `URL`.
async fn recorder(seen: &Seen) -> SocketAddr {
    let keep = |seen: &Seen| {
        let seen = Arc::clone(seen);
        move |headers: HeaderMap| async move {
            seen.lock().unwrap().push(headers);
            "ok"
        }
    };
    let redirect = {
        let seen = Arc::clone(seen);
        move |headers: HeaderMap, query: axum::extract::RawQuery| async move {
            seen.lock().unwrap().push(headers);
            Redirect::temporary(&query.0.unwrap())
        }
    };
    serve(Router::new().route("/to", any(redirect)).fallback(keep(seen))).await
}

/// Two servers: one inside the list, one outside. They differ in the port, which `localhost` and `127.0.0.1` cannot hide.
struct Hosts {
    inside: SocketAddr,
    outside: SocketAddr,
    inside_seen: Seen,
    outside_seen: Seen,
}

impl Hosts {
    async fn start() -> Self {
        let (inside_seen, outside_seen) = (Seen::default(), Seen::default());
        let (inside, outside) = (recorder(&inside_seen).await, recorder(&outside_seen).await);
        Self { inside, outside, inside_seen, outside_seen }
    }

    fn boundary(&self) -> OutboundBoundary {
        OutboundBoundary::new(OutboundPolicy::Everything).with_only([self.inside.to_string()])
    }

    fn layer(&self, spans: &TestSpans) -> ClientLayer {
        ClientLayer::new()
            .with_provider(spans.provider())
            .with_propagator(formats())
            .with_outbound_boundary(self.boundary())
    }

    /// A URL inside that redirects to the outside.
    fn redirecting(&self) -> String {
        format!("http://{}/to?http://{}/secret", self.inside, self.outside)
    }

    /// Checks that the secret has reached the inside, if it `is_sent` there, and never the outside.
    fn check(&self, name: &str, requests: usize, is_sent: bool) {
        let inside = self.inside_seen.lock().unwrap();
        for headers in &*inside {
            assert_eq!(headers.contains_key("baggage"), is_sent, "{name}");
            assert_eq!(headers.contains_key("traceparent"), is_sent, "{name}");
        }
        let outside = self.outside_seen.lock().unwrap();
        assert_eq!(outside.len(), requests, "{name}");
        for headers in &*outside {
            assert!(!format!("{headers:?}").contains(SECRET), "{name}: {headers:?}");
            assert!(FIELDS.iter().all(|field| !headers.contains_key(*field)), "{name}: {headers:?}");
        }
    }
}

/// Runs `work` below a span whose baggage holds the secret.
async fn with_secret<T>(spans: &TestSpans, work: impl Future<Output = T>) -> T {
    let span = spans.tracer().span("work").start();
    let context = span.in_context(&Context::new().with_baggage([KeyValue::new("key", SECRET)]));
    assert!(context.span().span_context().is_sampled());
    work.in_context(context).await
}

#[tokio::test]
async fn reqwest_that_we_build_decides_each_redirect_anew() {
    let hosts = Hosts::start().await;
    let spans = TestSpans::new();
    let client = TracedClient::build(reqwest::Client::builder(), &hosts.layer(&spans)).unwrap();
    with_secret(&spans, async {
        let request = client.get(hosts.redirecting()).header("authorization", SECRET).header("x-kept", "1");
        let response = client.send(request).await.unwrap();
        assert_eq!(response.url().as_str(), format!("http://{}/secret", hosts.outside));
        assert_eq!(response.text().await.unwrap(), "ok");
        // Directly, and with context in the headers that the caller sets.
        let request =
            client.get(format!("http://{}/", hosts.outside)).header("baggage", format!("k={SECRET}"));
        client.send(request).await.unwrap();
    })
    .await;
    hosts.check("build", 2, true);
    assert_eq!(hosts.outside_seen.lock().unwrap()[0]["x-kept"], "1");
    let sent: Vec<_> = wait_for(&spans, 3)
        .await
        .iter()
        .filter_map(|span| attribute(span, "tracing_suite.boundary.sent"))
        .collect();
    assert_eq!(sent, ["everything", "nothing", "nothing"]);
}

#[tokio::test]
async fn reqwest_that_may_follow_redirects_sends_nothing() {
    let spans = TestSpans::new();
    for confirmed in [false, true] {
        let hosts = Hosts::start().await;
        let policy =
            if confirmed { reqwest::redirect::Policy::none() } else { reqwest::redirect::Policy::default() };
        let client = reqwest::Client::builder().redirect(policy).build().unwrap();
        let traced = match confirmed {
            true => TracedClient::with_redirects_off(client, &hosts.layer(&spans)),
            false => TracedClient::with_layer(client, &hosts.layer(&spans)),
        };
        with_secret(&spans, async { traced.send(traced.get(hosts.redirecting())).await.unwrap() }).await;
        hosts.check("with_layer", usize::from(!confirmed), confirmed);
    }
}

#[tokio::test]
async fn reqwest_as_a_tower_service() {
    let spans = TestSpans::new();
    for confirmed in [false, true] {
        let hosts = Hosts::start().await;
        let service = match confirmed {
            true => ReqwestService::with_redirects_off(
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            ),
            false => ReqwestService::from(reqwest::Client::new()),
        };
        let client = hosts.layer(&spans).layer(service);
        let request = Request::get(hosts.redirecting()).body(reqwest::Body::default()).unwrap();
        with_secret(&spans, client.oneshot(request)).await.unwrap();
        hosts.check("tower", usize::from(!confirmed), confirmed);
    }
}

#[tokio::test]
async fn hyper_util_with_redirects_and_retries_above_the_layer() {
    #[derive(Clone)]
    struct Twice(u32);
    impl<Res, E> tower::retry::Policy<Request<String>, Res, E> for Twice {
        type Future = std::future::Ready<()>;
        fn retry(&mut self, _: &mut Request<String>, _: &mut Result<Res, E>) -> Option<Self::Future> {
            self.0 += 1;
            (self.0 < 3).then(|| std::future::ready(()))
        }
        fn clone_request(&mut self, request: &Request<String>) -> Option<Request<String>> {
            Some(request.clone())
        }
    }
    let hosts = Hosts::start().await;
    let spans = TestSpans::new();
    let hyper =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let client = ServiceBuilder::new()
        .layer(tower::retry::RetryLayer::new(Twice(0)))
        .layer(tower_http::follow_redirect::FollowRedirectLayer::new())
        .layer(hosts.layer(&spans))
        .service(hyper);
    let request = Request::get(hosts.redirecting()).body(String::new()).unwrap();
    let response = with_secret(&spans, client.oneshot(request)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    hosts.check("hyper-util", 3, true);
}

#[tokio::test]
async fn a_pseudonym_differs_for_each_call_and_is_on_the_span() {
    let seen = Seen::default();
    let address = recorder(&seen).await;
    let spans = TestSpans::new();
    let boundary = OutboundBoundary::new(OutboundPolicy::Everything).with_partner(
        &address.to_string(),
        "card-processor",
        OutboundPolicy::Pseudonym,
    );
    let layer = ClientLayer::new().with_provider(spans.provider()).with_outbound_boundary(boundary);
    let client = TracedClient::build(reqwest::Client::builder(), &layer).unwrap();
    with_secret(&spans, async {
        for _ in 0..3 {
            client.send(client.get(format!("http://{address}/"))).await.unwrap().text().await.unwrap();
        }
    })
    .await;
    let mut traces = HashSet::new();
    for (span, headers) in wait_for(&spans, 3).await.iter().zip(&*seen.lock().unwrap()) {
        let traceparent = headers["traceparent"].to_str().unwrap();
        let ids = ["trace_id", "span_id"]
            .map(|id| attribute(span, &format!("tracing_suite.boundary.pseudonym.{id}")).unwrap());
        assert_eq!(traceparent, format!("00-{}-{}-01", ids[0], ids[1]));
        assert_ne!(ids[0], span.trace_id.to_string());
        assert!(traces.insert(ids[0].clone()));
        assert!(!headers.contains_key("baggage") && !headers.contains_key("tracestate"));
        assert_eq!(attribute(span, "service.peer.name").as_deref(), Some("card-processor"));
        assert_eq!(attribute(span, "tracing_suite.boundary.sent").as_deref(), Some("pseudonym"));
        assert!(!span.is_error(), "no server span below it is expected");
    }
}

#[tokio::test]
async fn redirects_are_followed_as_in_other_clients() {
    let echo = |method: http::Method, headers: HeaderMap, body: String| async move {
        format!("{method} {} {body}", headers.contains_key("content-type"))
    };
    let to = |status: StatusCode, location: &'static str| {
        any(move || async move { (status, [("location", location)]) })
    };
    let app = Router::new()
        .route("/echo", any(echo))
        .route("/301", to(StatusCode::MOVED_PERMANENTLY, "/echo"))
        .route("/303", to(StatusCode::SEE_OTHER, "echo"))
        .route("/307", to(StatusCode::TEMPORARY_REDIRECT, "/echo"))
        .route("/308", to(StatusCode::PERMANENT_REDIRECT, "/echo"))
        .route("/loop", to(StatusCode::FOUND, "/loop"))
        .route("/ftp", to(StatusCode::FOUND, "ftp://127.0.0.1/"))
        .route("/no-location", get(|| async { StatusCode::FOUND }));
    let address = serve(app).await;
    let spans = TestSpans::new();
    let layer = ClientLayer::new().with_provider(spans.provider());
    let client = TracedClient::build(reqwest::Client::builder(), &layer).unwrap();
    for (method, path, expected) in [
        ("POST", "/301", Some("GET false ")),
        ("PUT", "/301", Some("PUT true body")),
        ("POST", "/303", Some("GET false ")),
        ("POST", "/307", Some("POST true body")),
        ("POST", "/308", Some("POST true body")),
        ("GET", "/loop", None),
        ("GET", "/ftp", None),
        ("GET", "/no-location", None),
    ] {
        let request = client
            .request(method.parse().unwrap(), format!("http://{address}{path}"))
            .header("content-type", "text/plain")
            .body("body");
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status().is_success(), expected.is_some(), "{method} {path}");
        if let Some(expected) = expected {
            assert_eq!(response.text().await.unwrap(), expected, "{method} {path}");
        }
    }
    let resends = wait_for(&spans, 23).await;
    let most =
        resends.iter().filter_map(|span| attribute(span, "http.request.resend_count")?.parse().ok()).max();
    assert_eq!(most, Some(10_u32), "the eleventh is not followed");
}
