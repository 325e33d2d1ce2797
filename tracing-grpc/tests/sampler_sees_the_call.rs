//! A sampler can ask about the attributes, the metadata and the peer of a call before its span starts.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::net::PeerAddress;
use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

const KEYS: [&str; 6] =
    ["rpc.system.name", "rpc.method", "server.address", "server.port", "network.peer.address", "unknown"];

/// What a sampler was told.
#[derive(Debug, Default)]
struct Told {
    attributes: Vec<Option<String>>,
    tier: Option<Vec<u8>>,
    peer: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct Asking(Mutex<Told>);

impl Sampler for Asking {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        *self.0.lock().unwrap() = Told {
            attributes: KEYS
                .map(|key| input.attribute(key).map(|value| value.into_text().into_owned()))
                .into(),
            tier: input.header("x-tier").map(<[u8]>::to_vec),
            peer: input.peer(),
        };
        Record::Drop.into()
    }

    fn description(&self) -> String {
        "Asking".to_owned()
    }
}

/// A service that answers at once.
#[derive(Clone)]
struct Answer;

impl Service<Request<String>> for Answer {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<String>) -> Self::Future {
        std::future::ready(Ok(Response::new(String::new())))
    }
}

fn told(is_client: bool) -> Told {
    let asking = Arc::new(Asking::default());
    let provider = TracerProvider::builder().with_sampler(Arc::clone(&asking)).build().unwrap();
    let mut request =
        Request::post("http://orders.example:50051/shop.Orders/Place").body(String::new()).unwrap();
    request.headers_mut().insert("x-tier", "gold".parse().unwrap());
    request.extensions_mut().insert(PeerAddress("10.1.2.3:5000".parse::<SocketAddr>().unwrap()));
    if is_client {
        drop(ClientLayer::new().with_provider(&provider).layer(Answer).call(request));
    } else {
        drop(ServerLayer::new().with_provider(&provider).layer(Answer).call(request));
    }
    std::mem::take(&mut *asking.0.lock().unwrap())
}

#[test]
fn on_both_sides() {
    for is_client in [false, true] {
        let told = told(is_client);
        let attributes: Vec<_> = told.attributes.iter().map(Option::as_deref).collect();
        let peer = (!is_client).then_some("10.1.2.3");
        let expected =
            [Some("grpc"), Some("shop.Orders/Place"), Some("orders.example"), Some("50051"), peer, None];
        assert_eq!(attributes, expected, "client: {is_client}");
        assert_eq!(told.tier.as_deref(), Some(&b"gold"[..]));
        assert_eq!(told.peer.map(|peer| peer.to_string()).as_deref(), peer);
    }
}
