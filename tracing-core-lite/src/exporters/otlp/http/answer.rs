//! What an exporter looks at in a response.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

/// How much of a body is read, in bytes.
pub(super) const MAX_REPLY: usize = 64 * 1024;

pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Of the body, without parameters, in lower case.
    pub(super) media_type: Option<String>,
    pub(super) retry_after: Option<String>,
    /// `None` when it cannot be read, or is longer than anyone would want to know.
    pub(super) body: Option<Bytes>,
}

impl Answer {
    /// Without the body.
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
