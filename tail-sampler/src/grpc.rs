//! The receiver of OTLP over gRPC. Requests are not decoded.

use std::future::{Ready, ready};

use axum::Router;
use axum::routing::post;
use bytes::{Buf, Bytes};
use prost::Message;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Request, Response, Status};

use crate::intake::{Intake, RETRY_AFTER};
use crate::refused::Refused;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

pub(crate) fn router(intake: Intake) -> Router {
    let export = move |request: http::Request<axum::body::Body>| {
        let intake = intake.clone();
        async move {
            let mut grpc = Grpc::new(RawCodec)
                .accept_compressed(CompressionEncoding::Gzip)
                .apply_max_message_size_config(Some(intake.max_request_bytes), None);
            grpc.unary(Export(intake), request).await.map(axum::body::Body::new)
        }
    };
    Router::new().route(EXPORT, post(export))
}

struct Export(Intake);

impl UnaryService<Bytes> for Export {
    type Response = ();
    type Future = Ready<Result<Response<()>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(self.0.accept(request.into_inner()).map(Response::new).map_err(status))
    }
}

fn status(refused: Refused) -> Status {
    let message = refused.to_string();
    match refused {
        Refused::Busy => Status::with_details(Code::Unavailable, message.clone(), retry_info(&message)),
        Refused::Malformed(_) => Status::invalid_argument(message),
    }
}

/// An encoded `google.rpc.Status` with a `RetryInfo`, which tells an OTLP sender when to retry.
fn retry_info(message: &str) -> Bytes {
    #[derive(Clone, PartialEq, Message)]
    struct RpcStatus {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct RetryInfo {
        #[prost(message, optional, tag = "1")]
        retry_delay: Option<Delay>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Delay {
        #[prost(int64, tag = "1")]
        seconds: i64,
    }
    let info = RetryInfo { retry_delay: Some(Delay { seconds: RETRY_AFTER as i64 }) };
    let any =
        Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
    let status =
        RpcStatus { code: Code::Unavailable as i32, message: message.to_owned(), details: vec![any] };
    status.encode_to_vec().into()
}

/// Passes requests through, and writes empty responses.
#[derive(Debug, Clone, Copy, Default)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = ();
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let len = message.remaining();
        Ok(Some(message.copy_to_bytes(len)))
    }
}
