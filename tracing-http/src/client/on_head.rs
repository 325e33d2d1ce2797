//! What a client layer does when the head of a response is there.

use std::sync::Arc;

use http::Response;
use tracing_core_lite::tower::{Call, OnHead, OnResponse};

use super::classify::Classify;
use super::config::ClientConfig;
use crate::head::ResponseHead;
use crate::record::HttpCall;
use crate::record::client::record_response;

/// What a client layer does when the head of a response is there.
#[derive(Debug)]
pub struct ClientOnHead<C, P> {
    pub(super) config: Arc<ClientConfig>,
    pub(super) classify: C,
    pub(super) on_response: P,
}

impl<C, P, B, E> OnHead<HttpCall, B, E> for ClientOnHead<C, P>
where
    C: Classify<E>,
    P: for<'a> OnResponse<ResponseHead<'a>>,
{
    const IS_CLIENT: bool = true;

    #[inline]
    fn on_head(&self, call: &mut Call<HttpCall>, response: &mut Response<B>) {
        if !call.is_watched() {
            return;
        }
        #[cfg(feature = "metrics")]
        if let Some(measurement) = call.protocol().and_then(|call| call.measurement.as_mut()) {
            measurement.set_version(response.version());
        }
        call.record(|span| record_response(span, &self.config, response));
        if self.on_response.is_set() {
            call.run_hook(|span| self.on_response.on_response(&ResponseHead::of(response), span));
        }
    }

    fn error_of(&self, error: &E) -> &'static str {
        self.classify.error_type(error)
    }
}
