//! The transports, encodings and compressions of OTLP.

/// The transport and encoding of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP with protobuf bodies (`http/protobuf`); feature `otlp-http`. Port 4318 by default.
    #[default]
    HttpProtobuf,
    /// HTTP with JSON bodies (`http/json`); features `otlp-http` and `otlp-json`. Port 4318 by default.
    HttpJson,
    /// gRPC (`grpc`); feature `otlp-grpc`. Port 4317 by default.
    Grpc,
}

/// The compression of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// None.
    #[default]
    None,
    /// gzip; feature `gzip`.
    Gzip,
}
