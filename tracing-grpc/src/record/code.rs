//! Status codes and their names.

use http::{HeaderMap, HeaderName, StatusCode};
use tonic::Code;
use tracing_core_lite::grpc_status;

use super::header;

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Returns the code in headers or trailers. An invalid one is [`Code::Unknown`], as gRPC requires.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Code> {
    header::get(headers, &GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

/// Returns the percent-encoded message in headers or trailers.
pub(crate) fn message(headers: &HeaderMap) -> Option<&[u8]> {
    header::get(headers, &GRPC_MESSAGE).map(|value| value.as_bytes())
}

/// Returns the code of a response without one. Source: gRPC, "HTTP to gRPC Status Code Mapping".
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

/// Returns the name of a code, the value of `rpc.response.status_code`.
pub(crate) fn name(code: Code) -> &'static str {
    grpc_status::name(code.into())
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
    /// Names are found by number, so each must be that of tonic's code.
    #[test]
    fn names() {
        for number in 0..17 {
            let code = Code::from(number);
            let mut name = String::new();
            for letter in format!("{code:?}").chars() {
                if letter.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(letter.to_ascii_uppercase());
            }
            assert_eq!(super::name(code), name);
        }
    }
}
