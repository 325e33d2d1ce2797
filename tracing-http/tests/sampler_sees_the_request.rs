//! A sampler can ask about the attributes and headers of a request before its span starts, and nothing is computed for one
//! that does not ask.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use tower::{Layer, ServiceExt};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::net::PeerAddress;
use tracing_core_lite::sampling::{AttributeValue, Record, Sampler, SamplingDecision, SamplingInput};
use tracing_core_lite::{Resource, TracerProvider};
use tracing_http::client::{ClientLayer, UrlTemplate};
use tracing_http::server::{Route, ServerLayer};

/// What a sampler was told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Told {
    attributes: Vec<(&'static str, Option<AttributeValue<'static>>)>,
    header: Option<Vec<u8>>,
    peer: Option<IpAddr>,
    baggage: Option<String>,
    service: String,
}

#[derive(Debug)]
struct Asking(&'static [&'static str], Mutex<Told>);

impl Sampler for Asking {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let own = |value: AttributeValue<'_>| match value {
            AttributeValue::Str(text) => AttributeValue::from(text.into_owned()),
            AttributeValue::Int(number) => AttributeValue::Int(number),
            other => panic!("{other:?}"),
        };
        *self.1.lock().unwrap() = Told {
            attributes: self.0.iter().map(|key| (*key, input.attribute(key).map(own))).collect(),
            header: input.header("x-tier").map(<[u8]>::to_vec),
            peer: input.peer(),
            baggage: input.baggage("tenant").map(str::to_owned),
            service: input.service_name().to_owned(),
        };
        Record::Drop.into()
    }

    fn description(&self) -> String {
        "Asking".to_owned()
    }
}

async fn respond(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(String::new()))
}

fn provider(asking: &Arc<Asking>) -> TracerProvider {
    let resource = Resource::builder().with_service_name("orders").build();
    TracerProvider::builder().with_resource(resource).with_sampler(Arc::clone(asking)).build().unwrap()
}

#[tokio::test]
async fn on_a_server() {
    let keys = &[
        "http.route",
        "http.request.method",
        "url.path",
        "url.query",
        "url.scheme",
        "server.address",
        "server.port",
        "network.protocol.version",
        "network.peer.address",
        "client.address",
        "user_agent.original",
        "unknown",
    ];
    let asking = Arc::new(Asking(keys, Mutex::default()));
    let mut request = Request::get("/orders/7?token=s3cret&page=2").body(String::new()).unwrap();
    for (name, value) in [
        ("host", "shop.example:8080"),
        ("x-tier", "gold"),
        ("user-agent", "curl/8"),
        ("baggage", "tenant=acme"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request.extensions_mut().insert(Route::from("/orders/{id}"));
    request.extensions_mut().insert(PeerAddress("10.1.2.3:5000".parse::<SocketAddr>().unwrap()));
    let layer = ServerLayer::new().with_provider(&provider(&asking));
    layer.layer(tower::service_fn(respond)).oneshot(request).await.unwrap();
    let text = |text: &'static str| Some(AttributeValue::from(text));
    let expected = Told {
        attributes: vec![
            ("http.route", text("/orders/{id}")),
            ("http.request.method", text("GET")),
            ("url.path", text("/orders/7")),
            ("url.query", text("token=REDACTED&page=2")),
            ("url.scheme", text("http")),
            ("server.address", text("shop.example")),
            ("server.port", Some(AttributeValue::Int(8080))),
            ("network.protocol.version", text("1.1")),
            ("network.peer.address", text("10.1.2.3")),
            ("client.address", text("10.1.2.3")),
            ("user_agent.original", text("curl/8")),
            ("unknown", None),
        ],
        header: Some(b"gold".to_vec()),
        peer: Some([10, 1, 2, 3].into()),
        baggage: Some("acme".to_owned()),
        service: "orders".to_owned(),
    };
    assert_eq!(*asking.1.lock().unwrap(), expected);
}

#[tokio::test]
async fn on_a_client() {
    let keys =
        &["url.template", "http.request.method", "url.full", "server.address", "server.port", "http.route"];
    let asking = Arc::new(Asking(keys, Mutex::default()));
    let mut request = Request::post("http://me:pw@stock.example/items/7").body(String::new()).unwrap();
    request.extensions_mut().insert(UrlTemplate::from("/items/{id}"));
    request.headers_mut().insert("x-tier", "gold".parse().unwrap());
    let context = Context::new().with_baggage([KeyValue::new("tenant", "acme")]);
    let service = ClientLayer::new().with_provider(&provider(&asking)).layer(tower::service_fn(respond));
    service.oneshot(request).in_context(context).await.unwrap();
    let text = |text: &'static str| Some(AttributeValue::from(text));
    let told = asking.1.lock().unwrap();
    assert_eq!(
        told.attributes,
        [
            ("url.template", text("/items/{id}")),
            ("http.request.method", text("POST")),
            ("url.full", text("http://REDACTED:REDACTED@stock.example/items/7")),
            ("server.address", text("stock.example")),
            ("server.port", Some(AttributeValue::Int(80))),
            ("http.route", None),
        ]
    );
    assert_eq!((told.header.as_deref(), told.peer), (Some(&b"gold"[..]), None));
    assert_eq!(told.baggage.as_deref(), Some("acme"));
}
