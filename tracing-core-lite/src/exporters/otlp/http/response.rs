//! The parts of a response that the exporter reads.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

/// The most that is read of a body, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

pub(super) struct ReceiverResponse {
    pub(super) status: StatusCode,
    /// The type of the body, without parameters, in lower case.
    pub(super) media_type: Option<String>,
    pub(super) retry_after: Option<String>,
    /// `None` if it cannot be read or is longer than [`MAX_BODY`].
    pub(super) body: Option<Bytes>,
}

impl ReceiverResponse {
    /// Returns a response without its body.
    pub(super) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let media_type = text(header::CONTENT_TYPE).and_then(|it| it.split(';').next());
        Self {
            status,
            media_type: media_type.map(|it| it.trim().to_ascii_lowercase()),
            retry_after: text(header::RETRY_AFTER).map(str::to_owned),
            body: None,
        }
    }
}
