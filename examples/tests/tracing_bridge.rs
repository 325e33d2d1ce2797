//! The README's filter for the `tracing` bridge keeps the internal spans of libraries out of the traces.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use examples::shop::proto::payment_client::PaymentClient;
use examples::shop::proto::payment_server::{Payment, PaymentServer};
use examples::shop::proto::{ChargeReply, ChargeRequest};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tower::Layer as _;
use tracing::Instrument;
use tracing_core_lite::span::data::FinishedSpan;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};

struct Cards;

#[tonic::async_trait]
impl Payment for Cards {
    async fn charge(&self, _: Request<ChargeRequest>) -> Result<Response<ChargeReply>, Status> {
        let work = async { Ok(Response::new(ChargeReply { reference: "A-1".to_owned() })) };
        work.instrument(tracing::info_span!("charge card")).await
    }
}

/// Makes one gRPC call in this thread, with a subscriber that lets every level through but for `filter`.
async fn spans_of_one_call(filter: Targets) -> Vec<FinishedSpan> {
    let ours = TestSpans::new();
    let bridge =
        tracing_opentelemetry::layer().with_tracer(ours.provider().tracer("app")).with_filter(filter);
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(bridge));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let layer = ServerLayer::new().with_provider(ours.provider());
    let server = Server::builder().layer(layer).add_service(PaymentServer::new(Cards));
    let server = tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let channel = ClientLayer::new().with_provider(ours.provider()).layer(endpoint.connect_lazy());
    let charge = ChargeRequest { order: 7, card: "card_good".to_owned(), cents: 100 };
    PaymentClient::new(channel).charge(charge).await.unwrap();
    server.abort();
    drop(guard);
    ours.finished()
}

#[tokio::test]
async fn library_spans_stay_out_of_the_traces() {
    let everything = spans_of_one_call(Targets::new().with_default(LevelFilter::TRACE)).await;
    let names = |spans: &[FinishedSpan]| {
        let mut names: Vec<_> = spans.iter().map(|it| it.span.name.clone()).collect();
        names.sort();
        names
    };
    assert!(everything.len() > 10, "without the filter there are spans of h2: {:?}", names(&everything));

    // Libraries open `tracing` spans of their own, such as one per HTTP/2 frame at level TRACE.
    let spans = Targets::new().with_default(LevelFilter::INFO).with_targets(
        ["h2", "hyper", "hyper_util", "tonic", "tower"].map(|target| (target, LevelFilter::OFF)),
    );
    let spans = spans_of_one_call(spans).await;
    assert_eq!(names(&spans), ["charge card", "shop.Payment/Charge", "shop.Payment/Charge"]);
    assert!(spans.iter().all(|it| it.span.trace_id == spans[0].span.trace_id), "one trace");
    assert_eq!(spans.iter().filter(|it| it.span.is_root()).count(), 1);
}
