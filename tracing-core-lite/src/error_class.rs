//! The values of `error.type` that all crates of the suite share.
//!
//! `error.type` holds a *class* of errors: one of few values, so that traces and metrics can be grouped by it. A class comes
//! from the type of an error, from its code, or from its [`io::ErrorKind`]. It never comes from the text of an error, which
//! may change with any release and may contain keys, addresses and user data.
//!
//! A failure that a protocol has a code for keeps that code: `503` over HTTP, `NOT_FOUND` over gRPC, `23505` from PostgreSQL,
//! `WRONGTYPE` from redis, `NO_ROUTE` over AMQP. The classes of this module are for everything else, above all for
//! connections that fail.
//!
//! ```
//! use std::io;
//! use tracing_core_lite::error_class;
//!
//! let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
//! assert_eq!(error_class::of_io(&refused), "connection_refused");
//! assert_eq!(error_class::of_io(&io::Error::other(refused)), "connection_refused");
//! ```
//!
//! Source: the attribute registry of the semantic conventions v1.44.0, `error.type`.

use std::error::Error;
use std::io;
use std::sync::Arc;

/// The operation took longer than it was allowed to.
pub const TIMEOUT: &str = "timeout";
/// The caller cancelled the operation before it had a result. Spans of such operations also have an event of this name.
pub const CANCELLED: &str = "cancelled";
/// The operation panicked.
pub const PANIC: &str = "panic";
/// Nothing listens at the address of the server, or the server does not accept connections.
pub const CONNECTION_REFUSED: &str = "connection_refused";
/// The peer reset the connection.
pub const CONNECTION_RESET: &str = "connection_reset";
/// The connection was aborted, for example by this host.
pub const CONNECTION_ABORTED: &str = "connection_aborted";
/// The connection ended, or was not open, before the operation was complete.
pub const CONNECTION_CLOSED: &str = "connection_closed";
/// No connection could be made or kept, and the client does not say why.
pub const CONNECTION_FAILED: &str = "connection_failed";
/// The name of the host could not be resolved.
pub const DNS: &str = "dns_error";
/// The TLS handshake failed, for example because of an invalid certificate.
pub const TLS: &str = "tls_error";
/// Another I/O error: its kind has no class of its own.
pub const IO: &str = "io_error";
/// The class of an error is not known (semantic conventions, `error.type`).
pub const OTHER: &str = "_OTHER";

/// The number of causes that are examined. A chain of causes may be a ring.
const MAX_CAUSES: usize = 16;

/// Returns the class of an I/O error: that of the deepest cause that has one, and of its [kind](io::Error::kind) otherwise.
///
/// An error that wraps another, such as `io::Error::other(refused)`, has the class of the error inside. An error of a name
/// lookup is [`DNS`]. An error whose kind has no class is [`IO`].
#[must_use]
pub fn of_io(error: &io::Error) -> &'static str {
    of_causes(error, |_| None).unwrap_or(IO)
}

/// Returns the class of a kind of I/O errors.
///
/// Returns `None` for an unspecific kind, such as [`io::ErrorKind::Other`], and for kinds that are newer than this
/// crate.
#[must_use]
pub fn of_io_kind(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind;
    Some(match kind {
        // A socket with a timeout reports `WouldBlock` on Unix when the time is up, and `TimedOut` on Windows.
        ErrorKind::TimedOut | ErrorKind::WouldBlock => TIMEOUT,
        ErrorKind::ConnectionRefused => CONNECTION_REFUSED,
        ErrorKind::ConnectionReset => CONNECTION_RESET,
        ErrorKind::ConnectionAborted => CONNECTION_ABORTED,
        ErrorKind::NotConnected | ErrorKind::UnexpectedEof => CONNECTION_CLOSED,
        ErrorKind::BrokenPipe => "broken_pipe",
        ErrorKind::HostUnreachable => "host_unreachable",
        ErrorKind::NetworkUnreachable => "network_unreachable",
        ErrorKind::NetworkDown => "network_down",
        ErrorKind::AddrInUse => "address_in_use",
        ErrorKind::AddrNotAvailable => "address_not_available",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::InvalidData => "invalid_data",
        ErrorKind::InvalidInput => "invalid_input",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::WriteZero => "write_zero",
        ErrorKind::OutOfMemory => "out_of_memory",
        ErrorKind::ResourceBusy => "resource_busy",
        ErrorKind::Deadlock => "deadlock",
        ErrorKind::NotFound => "not_found",
        ErrorKind::PermissionDenied => "permission_denied",
        ErrorKind::AlreadyExists => "already_exists",
        ErrorKind::NotADirectory => "not_a_directory",
        ErrorKind::IsADirectory => "is_a_directory",
        ErrorKind::DirectoryNotEmpty => "directory_not_empty",
        ErrorKind::ReadOnlyFilesystem => "read_only_filesystem",
        ErrorKind::StaleNetworkFileHandle => "stale_network_file_handle",
        ErrorKind::StorageFull => "storage_full",
        ErrorKind::QuotaExceeded => "quota_exceeded",
        ErrorKind::FileTooLarge => "file_too_large",
        ErrorKind::NotSeekable => "not_seekable",
        ErrorKind::ExecutableFileBusy => "executable_file_busy",
        ErrorKind::CrossesDevices => "crosses_devices",
        ErrorKind::TooManyLinks => "too_many_links",
        ErrorKind::InvalidFilename => "invalid_filename",
        ErrorKind::ArgumentListTooLong => "argument_list_too_long",
        _ => return None,
    })
}

/// Returns the class of the deepest cause of `error` that has one, because "connection refused" is more specific than
/// "connect".
///
/// `of_one` returns the classes of errors other than [`io::Error`], whose types only the caller knows. At most 16 causes are
/// examined. Returns `None` if nothing in the chain has a class.
///
/// ```
/// use std::io;
/// use tracing_core_lite::error_class;
///
/// #[derive(Debug, thiserror::Error)]
/// enum PriceError {
///     #[error("no price for {0}")]
///     Missing(String),
///     #[error("the price list cannot be read")]
///     Io(#[source] io::Error),
/// }
///
/// let class = |error: &PriceError| {
///     error_class::of_causes(error, |cause| match cause.downcast_ref()? {
///         PriceError::Missing(_) => Some("no_price"),
///         PriceError::Io(_) => None,
///     })
/// };
/// assert_eq!(class(&PriceError::Missing("A-7".into())), Some("no_price"));
/// assert_eq!(class(&PriceError::Io(io::ErrorKind::TimedOut.into())), Some("timeout"));
/// ```
pub fn of_causes(
    error: &(dyn Error + 'static),
    mut of_one: impl FnMut(&(dyn Error + 'static)) -> Option<&'static str>,
) -> Option<&'static str> {
    let mut class = None;
    let mut next = Some(error);
    for _ in 0..MAX_CAUSES {
        let Some(error) = next.map(unshared) else { break };
        class = match error.downcast_ref() {
            Some(error) => of_one_io(error, class),
            None => of_one(error).or(class),
        };
        next = cause(error);
    }
    class
}

/// Returns the class of an I/O error whose outer errors have the class `outer`.
fn of_one_io(error: &io::Error, outer: Option<&'static str>) -> Option<&'static str> {
    if is_lookup(error) {
        return Some(DNS);
    }
    of_io_kind(error.kind()).or(outer).or(Some(IO))
}

/// Returns whether `error` comes from a name lookup.
///
/// On Unix, std reports such an error with a message, without a code, and with a kind that only std can give an error. On
/// Windows it has one of the codes of Winsock.
fn is_lookup(error: &io::Error) -> bool {
    match error.raw_os_error() {
        // WSAHOST_NOT_FOUND, WSATRY_AGAIN, WSANO_RECOVERY, WSANO_DATA
        Some(code) => cfg!(windows) && (11001..=11004).contains(&code),
        None => error.get_ref().is_some() && error.kind() == uncategorized(),
    }
}

/// Returns the kind of an error that std does not categorize. The variant itself cannot be named.
fn uncategorized() -> io::ErrorKind {
    io::Error::from_raw_os_error(i32::MAX).kind()
}

/// Returns the error that an `Arc` shares, as clients do whose errors are `Clone`.
fn unshared<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return shared.as_ref();
    }
    match error.downcast_ref::<Arc<io::Error>>() {
        Some(shared) => shared.as_ref(),
        None => error,
    }
}

/// Returns the next cause. The `source` of an I/O error would skip the error that it wraps.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::ToSocketAddrs;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a text that no class comes from: connection refused, request timed out")]
    struct Wrapper(#[source] Option<Box<dyn Error + Send + Sync>>);

    #[test]
    fn every_kind_of_io_error_has_a_class() {
        use io::ErrorKind::*;
        let kinds = [
            NotFound,
            PermissionDenied,
            ConnectionRefused,
            ConnectionReset,
            HostUnreachable,
            NetworkUnreachable,
            ConnectionAborted,
            NotConnected,
            AddrInUse,
            AddrNotAvailable,
            NetworkDown,
            BrokenPipe,
            AlreadyExists,
            WouldBlock,
            NotADirectory,
            IsADirectory,
            DirectoryNotEmpty,
            ReadOnlyFilesystem,
            StaleNetworkFileHandle,
            InvalidInput,
            InvalidData,
            TimedOut,
            WriteZero,
            StorageFull,
            NotSeekable,
            QuotaExceeded,
            FileTooLarge,
            ResourceBusy,
            ExecutableFileBusy,
            Deadlock,
            CrossesDevices,
            TooManyLinks,
            InvalidFilename,
            ArgumentListTooLong,
            Interrupted,
            Unsupported,
            UnexpectedEof,
            OutOfMemory,
        ];
        for kind in kinds {
            let class = of_io_kind(kind).expect("a class");
            assert!(class.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{class}");
            assert_eq!(of_io(&kind.into()), class);
            assert_eq!(of_io(&io::Error::new(kind, Wrapper(None))), class, "with a text");
        }
        assert_eq!(of_io_kind(Other), None);
        assert_eq!(of_io(&Other.into()), IO);
        assert_eq!(of_io(&io::Error::from_raw_os_error(i32::MAX)), IO);
    }

    #[test]
    fn the_deepest_cause_decides() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(refused());
        for (name, error, expected) in [
            ("wrapped", Wrapper(Some(Box::new(refused()))), Some(CONNECTION_REFUSED)),
            (
                "in an io::Error",
                Wrapper(Some(Box::new(io::Error::other(refused())))),
                Some(CONNECTION_REFUSED),
            ),
            ("shared", Wrapper(Some(Box::new(shared))), Some(CONNECTION_REFUSED)),
            ("shared io::Error", Wrapper(Some(Box::new(Arc::new(refused())))), Some(CONNECTION_REFUSED)),
            (
                "in a broken pipe",
                Wrapper(Some(Box::new(io::Error::new(io::ErrorKind::BrokenPipe, refused())))),
                Some(CONNECTION_REFUSED),
            ),
            ("unknown", Wrapper(None), None),
            ("unknown I/O", Wrapper(Some(Box::new(io::Error::other("connection refused")))), Some(IO)),
        ] {
            assert_eq!(of_causes(&error, |_| None), expected, "{name}");
        }
    }

    #[test]
    fn the_caller_knows_other_errors() {
        let known = |error: &(dyn Error + 'static)| error.is::<Wrapper>().then_some("wrapper");
        assert_eq!(of_causes(&Wrapper(None), known), Some("wrapper"));
        let unknown = Wrapper(Some(Box::new(io::Error::other("x"))));
        assert_eq!(of_causes(&unknown, known), Some("wrapper"), "an unknown I/O error says less");
        let inner = io::Error::other(Wrapper(None));
        assert_eq!(of_causes(&inner, known), Some("wrapper"));
    }

    #[test]
    fn a_ring_of_causes_ends() {
        #[derive(Debug)]
        struct Ring;
        impl std::fmt::Display for Ring {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Ok(())
            }
        }
        impl Error for Ring {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
        assert_eq!(of_causes(&Ring, |_| None), None);
    }

    #[test]
    fn a_name_that_does_not_resolve() {
        // A label has at most 63 bytes, so no server is queried.
        let host = format!("{}.invalid", "x".repeat(70));
        let error = (host.as_str(), 80).to_socket_addrs().expect_err("no such host");
        assert_eq!(of_io(&error), DNS, "{error:?}");
        assert_eq!(of_causes(&Wrapper(Some(Box::new(error))), |_| None), Some(DNS));
    }
}
