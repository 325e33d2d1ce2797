//! Reads the first frames of a response's body together with its head.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use tonic::Status;
use tonic::body::Body as TonicBody;
use tracing_core_lite::tower::{Call, FramesAhead, LayerOnly, ResponseBody};

use crate::TracedBody;
use crate::record::GrpcCall;

/// tonic's encoder ends a frame at this size. The service may have more to send at once.
const FULL_FRAME: usize = 32 * 1024;

/// What a body returns when it is ready: a frame, an error, or `None` at its end.
type Ready = Option<Result<Frame<Bytes>, Status>>;

/// Keeps tonic's type of body, and reads its first frames ahead; set by
/// [`with_read_ahead`](crate::server::ServerLayerFor::with_read_ahead).
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadAhead;

impl LayerOnly for ReadAhead {}

impl ResponseBody<GrpcCall, TonicBody> for ReadAhead {
    type Body = TonicBody;
    type Ahead = FirstFrames;

    #[inline]
    fn read_ahead(response: &mut Response<TonicBody>, cx: &mut Context<'_>) -> Option<FirstFrames> {
        FirstFrames::of(response.body_mut(), cx)
    }

    #[inline]
    fn traced(
        mut response: Response<TonicBody>,
        call: Option<Call<GrpcCall>>,
        ahead: Option<FirstFrames>,
    ) -> Response<TonicBody> {
        let rest = TracedBody::new(std::mem::take(response.body_mut()), call);
        *response.body_mut() = TonicBody::new(match ahead {
            Some(first) => UnsyncBoxBody::new(Resumed { first, rest }),
            None => UnsyncBoxBody::new(rest),
        });
        response
    }

    #[inline]
    fn untraced(mut response: Response<TonicBody>, ahead: Option<FirstFrames>) -> Response<TonicBody> {
        if let Some(frames) = ahead {
            *response.body_mut() = TonicBody::new(UnsyncBoxBody::new(frames));
        }
        response
    }
}

/// Up to two frames of a body that were ready together with the head of the response.
///
/// A unary call has a message and trailers, and both are ready when the service has answered. Reading them at once makes
/// the context current twice less, and the body need not carry the span. After a frame as large as tonic makes them, no
/// second one is read, so less than 64 KiB and one message are held.
#[derive(Debug)]
pub struct FirstFrames {
    /// `None` when it has been passed on.
    first: Option<Ready>,
    /// `None` when it has been passed on, or was not read.
    second: Option<Ready>,
    is_all: bool,
}

impl FirstFrames {
    /// Reads what is ready. Leaves `body` empty if that is all of it.
    #[inline]
    fn of(body: &mut TonicBody, cx: &mut Context<'_>) -> Option<Self> {
        // A call's body does not know its size. Other bodies tell it to whoever sends them.
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return None;
        }
        let Poll::Ready(first) = Pin::new(&mut *body).poll_frame(cx) else { return None };
        let mut frames = Self { first: Some(first), second: None, is_all: false };
        if is_small(&frames.first)
            && !body.is_end_stream()
            && let Poll::Ready(second) = Pin::new(&mut *body).poll_frame(cx)
        {
            frames.second = Some(second);
        }
        frames.is_all = is_last(&frames.first) || is_last(&frames.second) || body.is_end_stream();
        if frames.is_all {
            // Dropped now, so that spans of the service end before the span around them.
            *body = TonicBody::empty();
        }
        Some(frames)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        let has_no_frame = |read: &Option<Ready>| matches!(read, None | Some(None));
        has_no_frame(&self.first) && has_no_frame(&self.second)
    }

    #[inline]
    fn next(&mut self) -> Option<Ready> {
        let next = if self.first.is_some() { &mut self.first } else { &mut self.second };
        next.take()
    }
}

impl LayerOnly for FirstFrames {}

impl FramesAhead<GrpcCall> for FirstFrames {
    #[inline]
    fn pass_to(&self, call: &mut Call<GrpcCall>) -> bool {
        for frame in [&self.first, &self.second].into_iter().flatten().flatten() {
            match frame {
                Ok(frame) => {
                    if let Some(data) = frame.data_ref() {
                        call.data(data);
                    } else if let Some(trailers) = frame.trailers_ref() {
                        call.complete(Some(trailers));
                    }
                }
                Err(status) => call.failed(status),
            }
        }
        if self.is_all {
            call.complete(None);
        }
        self.is_all
    }
}

fn is_small(read: &Option<Ready>) -> bool {
    let Some(Some(Ok(frame))) = read else { return false };
    frame.data_ref().is_some_and(|data| data.len() < FULL_FRAME)
}

/// Returns whether nothing follows.
fn is_last(read: &Option<Ready>) -> bool {
    match read {
        None => false,
        Some(Some(Ok(frame))) => frame.is_trailers(),
        Some(Some(Err(_)) | None) => true,
    }
}

/// The body of a response that has no other frames.
impl Body for FirstFrames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Ready> {
        Poll::Ready(self.get_mut().next().flatten())
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }
}

/// A body whose first frames were read ahead.
#[derive(Debug)]
struct Resumed {
    first: FirstFrames,
    rest: TracedBody<TonicBody>,
}

impl Body for Resumed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ready> {
        let this = self.get_mut();
        match this.first.next() {
            Some(read) => Poll::Ready(read),
            None => Pin::new(&mut this.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }
}
