//! A tonic server and a client that calls it, in one trace. `cargo run -p examples --example tonic`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use examples::shop::proto::payment_client::PaymentClient;
use examples::shop::proto::payment_server::{Payment, PaymentServer};
use examples::shop::proto::{ChargeReply, ChargeRequest};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tower::Layer;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::span::current_span;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::tonic::ServerLayer;

struct Cards;

#[tonic::async_trait]
impl Payment for Cards {
    async fn charge(&self, request: Request<ChargeRequest>) -> Result<Response<ChargeReply>, Status> {
        let charge = request.into_inner();
        // Adds an attribute to the server's span.
        current_span().set("shop.charge.cents", charge.cents as i64);
        if charge.card == "card_empty" {
            return Err(Status::failed_precondition("the card is declined"));
        }
        Ok(Response::new(ChargeReply { reference: "A-1".to_owned() }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("tonic-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let server = Server::builder().layer(ServerLayer::new()).add_service(PaymentServer::new(Cards));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    let channel = ClientLayer::new().with_endpoint(&endpoint).layer(endpoint.connect_lazy());
    let mut payment = PaymentClient::new(channel);
    examples::until_stopped(async {
        for card in ["card_good", "card_empty"] {
            let charge = ChargeRequest { order: 7, card: card.to_owned(), cents: 1_250 };
            match payment.charge(charge).await {
                Ok(reply) => println!("charged: {}", reply.into_inner().reference),
                Err(status) => println!("{}", status.message()),
            }
        }
        Ok(())
    })
    .await
}
