//! Status codes and their names.

use http::{HeaderMap, HeaderName, StatusCode};
use tonic::Code;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The code in headers or trailers. One that is no code of gRPC is [`Code::Unknown`], as gRPC asks.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Code> {
    headers.get(&GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

/// The percent-encoded message in headers or trailers.
pub(crate) fn message(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(&GRPC_MESSAGE).map(|value| value.as_bytes())
}

/// The code of a response that has none of its own. Source: gRPC, "HTTP to gRPC Status Code Mapping".
pub(crate) fn of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// The name of a code, the value of `rpc.response.status_code`. Source: gRPC, "Status codes and their use in gRPC".
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_headers() {
        for (given, expected) in [
            ("0", Code::Ok),
            ("5", Code::NotFound),
            ("16", Code::Unauthenticated),
            ("17", Code::Unknown),
            ("x", Code::Unknown),
        ] {
            let headers = HeaderMap::from_iter([(GRPC_STATUS.clone(), given.parse().unwrap())]);
            assert_eq!(of_headers(&headers), Some(expected), "{given}");
        }
        assert_eq!(of_headers(&HeaderMap::new()), None);
    }

    #[test]
    fn codes_of_http() {
        assert_eq!(of_http(StatusCode::BAD_GATEWAY), Code::Unavailable);
        assert_eq!(of_http(StatusCode::OK), Code::Unknown);
    }
}
