//! The classes of AMQP errors: values of `error.type`.

use lapin::types::ReplyCode;
use lapin::{Error, ErrorKind};
use tracing_core_lite::error_class;

pub(crate) use tracing_core_lite::error_class::CANCELLED;

/// The class of a message that the broker did not accept.
pub(crate) const NACK: &str = "nack";

/// Returns the class of `error`: the name of the AMQP reply code, the class of an I/O error, or what the client reports.
pub fn of_error(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::ProtocolError(error) => of_reply_code(error.get_id()),
        ErrorKind::IOError(error) | ErrorKind::RuntimeShutdownError(error) => error_class::of_io(error),
        ErrorKind::ChannelsLimitReached => "channels_limit_reached",
        ErrorKind::InvalidProtocolVersion(_) => "invalid_protocol_version",
        ErrorKind::InvalidChannel(_) => "invalid_channel",
        ErrorKind::InvalidChannelState(..) => "invalid_channel_state",
        ErrorKind::InvalidConnectionState(_) => "invalid_connection_state",
        ErrorKind::ParsingError(_) => "parsing_error",
        ErrorKind::SerialisationError(_) => "serialisation_error",
        ErrorKind::AuthProviderError(_) => "auth_provider_error",
        ErrorKind::MissingHeartbeatError => "missing_heartbeat",
        _ => "client_error",
    }
}

/// Returns the name of a reply code (AMQP 0-9-1, section 1.2 "Constants").
pub(crate) fn of_reply_code(code: ReplyCode) -> &'static str {
    match code {
        311 => "CONTENT_TOO_LARGE",
        312 => "NO_ROUTE",
        313 => "NO_CONSUMERS",
        320 => "CONNECTION_FORCED",
        402 => "INVALID_PATH",
        403 => "ACCESS_REFUSED",
        404 => "NOT_FOUND",
        405 => "RESOURCE_LOCKED",
        406 => "PRECONDITION_FAILED",
        501 => "FRAME_ERROR",
        502 => "SYNTAX_ERROR",
        503 => "COMMAND_INVALID",
        504 => "CHANNEL_ERROR",
        505 => "UNEXPECTED_FRAME",
        506 => "RESOURCE_ERROR",
        530 => "NOT_ALLOWED",
        540 => "NOT_IMPLEMENTED",
        541 => "INTERNAL_ERROR",
        _ => error_class::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use lapin::ChannelState;
    use lapin::protocol::AMQPError;

    use super::*;

    #[test]
    fn classes() {
        let of_code = |code| AMQPError::from_id(code, "a text with ids".into()).map(ErrorKind::ProtocolError);
        for (expected, kind) in [
            ("NO_ROUTE", of_code(312)),
            ("NOT_FOUND", of_code(404)),
            ("CONNECTION_FORCED", of_code(320)),
            ("connection_reset", Some(io_error(io::ErrorKind::ConnectionReset))),
            ("io_error", Some(io_error(io::ErrorKind::Other))),
            ("invalid_channel_state", Some(ErrorKind::InvalidChannelState(ChannelState::Closed, "x"))),
        ] {
            assert_eq!(kind.map(|kind| of_error(&kind.into())), Some(expected));
        }
        assert_eq!(of_reply_code(999), "_OTHER");
    }

    fn io_error(kind: io::ErrorKind) -> ErrorKind {
        ErrorKind::IOError(std::sync::Arc::new(io::Error::from(kind)))
    }
}
