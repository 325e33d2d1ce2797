//! Instruments a protocol that the suite does not wrap: one line for each request and each response, over TCP.
//!
//! A request is `{method} {argument} {header}={value} ...`, and the headers carry the context. A response is `OK {value}` or
//! `{CODE} {text}`. Both ends run in this program, each with its own part of one trace.
//!
//! Run it with `cargo run -p tracing-core-lite --example line_protocol --features rpc,console`.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::rpc::{Call, Client, Failure, RpcSpan, Server};
use tracing_core_lite::{Context, InstrumentationScope, TracerProvider, error_class};

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("line-protocol").build()
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the server responded with {code}: {text}")]
    Server { code: String, text: String },
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

/// The client of the protocol, with its instrumentation.
struct PricesClient {
    stream: BufReader<TcpStream>,
    peer: SocketAddr,
    tracing: Client,
}

impl PricesClient {
    async fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        let tracing = Client::new("line", scope()).with_server(server.ip().to_string(), server.port());
        Ok(Self { stream: BufReader::new(stream), peer: server, tracing })
    }

    async fn call(&mut self, method: &str, argument: &str) -> Result<String, CallError> {
        let mut headers: Vec<(String, String)> = Vec::new();
        let span = self.tracing.start(&Call::new(method).with_peer(self.peer), &mut headers);
        let mut request = format!("{method} {argument}");
        for (name, value) in headers {
            request.push_str(&format!(" {name}={value}"));
        }
        span.run(self.exchange(request), end_of_client).await
    }

    async fn exchange(&mut self, request: String) -> Result<String, CallError> {
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes()).await?;
        let mut response = String::new();
        if self.stream.read_line(&mut response).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match response.trim_end().split_once(' ') {
            Some(("OK", value)) => Ok(value.to_owned()),
            Some((code, text)) => Err(CallError::Server { code: code.to_owned(), text: text.to_owned() }),
            None => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
        }
    }
}

fn end_of_client(result: &Result<String, CallError>, span: RpcSpan) {
    match result {
        Ok(_) => span.succeed_with("OK"),
        Err(CallError::Server { code, .. }) => span.fail(&Failure::from_status_code(code)),
        Err(CallError::Io(error)) => span.fail(&Failure::new(error_class::of_io(error))),
    }
}

/// Serves one connection.
async fn serve(stream: TcpStream, peer: SocketAddr, tracing: Server) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut requests = BufReader::new(reading).lines();
    while let Some(request) = requests.next_line().await? {
        let mut words = request.split(' ');
        let method = words.next().unwrap_or_default();
        let argument = words.next().unwrap_or_default();
        let headers: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        // Callers may send any name, so only a known one becomes the name of the span.
        let call = match method {
            "shop.Prices/get" => Call::new(method),
            unknown => Call::unknown(unknown),
        };
        let span = tracing.start(&call.with_peer(peer), &headers);
        let response = span
            .run(handle(method, argument), |response, span| match response {
                Ok(_) => span.succeed_with("OK"),
                // The caller asked for something that does not exist. The server did its work.
                Err((code, _)) => span.fail(&Failure::from_status_code(code).caused_by_caller()),
            })
            .await;
        let line = response.map_or_else(|(code, text)| format!("{code} {text}\n"), |it| format!("OK {it}\n"));
        writing.write_all(line.as_bytes()).await?;
    }
    Ok(())
}

async fn handle(method: &str, argument: &str) -> Result<u32, (&'static str, &'static str)> {
    if method != "shop.Prices/get" {
        return Err(("UNKNOWN_METHOD", "this server has prices only"));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    argument.parse::<u32>().map(|number| number * 100).map_err(|_| ("NOT_FOUND", "no such article"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = TracerProvider::builder().with_exporter(ConsoleExporter::stdout()).build()?;
    provider.install();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        let (stream, peer) = listener.accept().await?;
        serve(stream, peer, Server::new("line", scope())).await
    });

    let order = provider.tracer("shop").span("place order").start();
    let context = order.in_context(&Context::new());
    let calls = async {
        let mut client = PricesClient::connect(address).await?;
        for (method, argument) in
            [("shop.Prices/get", "7"), ("shop.Prices/get", "seven"), ("shop.Prices/put", "7")]
        {
            let price = client.call(method, argument).await;
            order.add_event("called", &[("shop.has_price", price.is_ok().into())]);
        }
        Ok::<_, io::Error>(())
    };
    calls.in_context(context).await?;
    order.end();
    // The client is gone, so the server has seen the end of its connection.
    accepting.await??;
    provider.shutdown(Duration::from_secs(5))?;
    Ok(())
}
