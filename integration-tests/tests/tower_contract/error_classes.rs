//! The class of a failure comes from the type of its error, never from a text.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tonic::Status;
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing_core_lite::testing::TestSpans;

use crate::stack::{Stack, drive, error_type, span_of_layer};

type BoxError = Box<dyn Error + Send + Sync>;

/// An error that only has a text.
#[derive(Debug)]
struct Texted(&'static str, Option<io::Error>);

impl std::fmt::Display for Texted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Texted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_ref().map(|cause| cause as _)
    }
}

/// Texts that name a class or a code, and one with the data of a user.
const TEXTS: [&str; 9] = [
    "operation timed out",
    "tcp connect error: Connection refused (os error 111)",
    "dns error: failed to lookup address information",
    "invalid peer certificate: UnknownIssuer",
    "connection reset by peer",
    "status: NotFound, message: \"\"",
    "grpc-status: 14",
    "stream no longer needed: CANCEL",
    "no order 4711 of ada@shop.example",
];

/// A body that fails at once.
struct Failing(Option<BoxError>);

impl Body for Failing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Service,
    Body,
}

/// Lets a service of `layer`, or the body of its response, fail with `error`. Returns `error.type` and the span as text.
fn failed(layer: Stack, place: Place, error: BoxError) -> (String, String) {
    let spans = TestSpans::new();
    let mut error = Some(error);
    let service = service_fn(move |_: Request<()>| {
        let error = error.take();
        std::future::ready(match (place, error) {
            (Place::Service, Some(error)) => Err(error),
            (_, error) => Ok(Response::new(Failing(error))),
        })
    });
    let provider = spans.provider();
    match layer {
        Stack::HttpServer => {
            call(tracing_http::server::ServerLayer::new().with_provider(provider).layer(service))
        }
        Stack::HttpClient => call(
            tracing_http::client::ClientLayer::new()
                .with_provider(provider)
                .with_boxed_errors()
                .layer(service),
        ),
        Stack::GrpcServer => {
            call(tracing_grpc::server::ServerLayer::new().with_provider(provider).layer(service))
        }
        Stack::GrpcClient => {
            call(tracing_grpc::client::ClientLayer::new().with_provider(provider).layer(service))
        }
    }
    let span = span_of_layer(&spans);
    assert!(span.is_error(), "{layer:?} {place:?}: {span:?}");
    (error_type(&span).unwrap().to_owned(), format!("{span:?}"))
}

fn call<S, B>(service: S)
where
    S: Service<Request<()>, Response = Response<B>, Error = BoxError>,
    B: Body<Data = Bytes, Error = BoxError>,
{
    let request = Request::post("http://shop.example/shop.v1.Stock/Check").body(()).unwrap();
    if let Ok(response) = drive(service.oneshot(request)) {
        assert!(drive(response.into_body().collect()).is_err());
    }
}

/// Checks that each error of `errors`, made with each text, has the class `expected`, and that its span has no text.
fn have_class(expected: [&str; 2], error: impl Fn(&'static str) -> BoxError) {
    for layer in Stack::ALL {
        for place in [Place::Service, Place::Body] {
            for text in TEXTS {
                let (class, span) = failed(layer, place, error(text));
                assert_eq!(class, expected[usize::from(layer.is_grpc())], "{layer:?} {place:?}: {text}");
                assert!(!span.contains(text), "{layer:?} {place:?}: {span}");
            }
        }
    }
}

#[test]
fn a_text_alone_gives_no_class() {
    have_class(["_OTHER", "UNKNOWN"], |text| text.into());
    have_class(["_OTHER", "UNKNOWN"], |text| Box::new(Texted(text, None)));
    have_class(["io_error", "io_error"], |text| Box::new(io::Error::other(text)));
}

#[test]
fn a_text_does_not_change_the_class_of_a_type() {
    for (kind, class) in [
        (ErrorKind::TimedOut, "timeout"),
        (ErrorKind::BrokenPipe, "broken_pipe"),
        (ErrorKind::UnexpectedEof, "connection_closed"),
    ] {
        have_class([class; 2], |text| Box::new(io::Error::new(kind, text)));
        have_class([class; 2], |text| Box::new(Texted(text, Some(kind.into()))));
    }
}

#[test]
fn a_grpc_status_is_its_code_and_not_its_message() {
    for layer in [Stack::GrpcServer, Stack::GrpcClient] {
        for place in [Place::Service, Place::Body] {
            for text in TEXTS {
                let (class, span) = failed(layer, place, Box::new(Status::data_loss(text)));
                assert_eq!(class, "DATA_LOSS", "{layer:?} {place:?}: {text}");
                assert!(!span.contains(text), "{layer:?} {place:?}: {span}");
            }
        }
    }
}
