//! What a layer does when the head of a response is there.

use http::Response;
use tracing_core_lite::tower::{Call, OnHead, OnResponse};

use crate::head::ResponseHead;
use crate::record::error_code::{self, Failure};
use crate::record::{GrpcCall, address};

/// What a layer does when the head of a response is there. `CLIENT` says on which side the layer is.
#[derive(Debug)]
pub struct GrpcOnHead<P, const CLIENT: bool> {
    pub(crate) on_response: P,
}

impl<P, B, E, const CLIENT: bool> OnHead<GrpcCall, B, E> for GrpcOnHead<P, CLIENT>
where
    P: for<'a> OnResponse<ResponseHead<'a>>,
    E: 'static,
{
    const IS_CLIENT: bool = CLIENT;

    #[inline]
    fn on_head(&self, call: &mut Call<GrpcCall>, response: &mut Response<B>) {
        let Some(protocol) = call.protocol() else { return };
        protocol.note_code(response);
        let has_captures = protocol.captures.is_some();
        // A client learns the peer's address by connecting. A server knows its own from the request.
        let peer = if CLIENT { address::peer(response.extensions()) } else { None };
        if peer.is_none() && !has_captures && !self.on_response.is_set() {
            return;
        }
        call.with_span(|span, protocol| {
            span.record(|span| {
                if let Some(peer) = peer {
                    address::record_peer(span, peer);
                }
                if let Some(config) = &protocol.captures {
                    config.response_metadata.record(span, response.headers());
                }
            });
        });
        if self.on_response.is_set() {
            call.run_hook(|span| self.on_response.on_response(&ResponseHead::of(response), span));
        }
    }

    fn error_of(&self, error: &E) -> Failure {
        error_code::of_any(error)
    }
}
