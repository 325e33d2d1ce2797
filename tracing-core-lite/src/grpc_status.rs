//! Names of gRPC's status codes.

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a gRPC status code, the value of `rpc.response.status_code`; `UNKNOWN` for a number that is no code, as
/// gRPC asks. Source: gRPC, "Status codes and their use in gRPC".
///
/// ```
/// use tracing_core_lite::grpc_status;
///
/// assert_eq!(grpc_status::name(5), "NOT_FOUND");
/// assert_eq!(grpc_status::name(99), "UNKNOWN");
/// ```
#[inline]
#[must_use]
pub fn name(code: i32) -> &'static str {
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied().unwrap_or("UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_code_are_unknown() {
        for (code, expected) in
            [(0, "OK"), (2, "UNKNOWN"), (16, "UNAUTHENTICATED"), (17, "UNKNOWN"), (-1, "UNKNOWN")]
        {
            assert_eq!(name(code), expected, "{code}");
        }
    }
}
