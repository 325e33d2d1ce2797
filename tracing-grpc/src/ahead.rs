//! The first frames of a response's body, taken while the context that they are made in is current still.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use tonic::Status;
use tonic::body::Body as TonicBody;

use crate::TracedBody;
use crate::call::Call;

/// A frame with as many bytes ends where tonic stopped, and not where the service had no more.
const FULL: usize = 32 * 1024;

/// What a body gives when it is asked for a frame.
type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// The first frames of a body, for whoever asks for them later.
///
/// Those of a unary call are its message and its trailers, and both are there as soon as the service has answered. To take them right
/// then spares to make the context current twice more, and to carry the span along with the body. `benches/RESULTS.md` has what that
/// gains, an unsampled call above all: there a layer that does not do it is measured beside one that does.
///
/// tonic's encoder reads ahead by itself: by default, its frame holds all messages that are ready until they are 32 KiB together. After such a
/// frame no second one is taken, so what is held here is less than 64 KiB and one message.
#[derive(Debug)]
pub struct Ahead {
    /// As they came, since to move what was written just before is to wait until it has been. `Pending` where nothing is left.
    first: Polled,
    second: Polled,
    is_all: bool,
}

impl Ahead {
    /// Takes what is there of `body`, which is left empty when that was all.
    #[inline]
    pub(crate) fn of(body: &mut TonicBody, cx: &mut Context<'_>) -> Option<Self> {
        // A body that knows its size is none of a call's, and what it says of that is for whoever sends it.
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return None;
        }
        let first = Pin::new(&mut *body).poll_frame(cx);
        if first.is_pending() {
            return None;
        }
        let mut ahead = Self { first, second: Poll::Pending, is_all: false };
        if is_small(&ahead.first) && !body.is_end_stream() {
            ahead.second = Pin::new(&mut *body).poll_frame(cx);
        }
        ahead.is_all = is_last(&ahead.first) || is_last(&ahead.second) || body.is_end_stream();
        if ahead.is_all {
            // Here and now, so that spans within end before the span around them.
            *body = TonicBody::empty();
        }
        Some(ahead)
    }

    /// Whether the body has no more than these frames.
    #[inline]
    pub(crate) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Tells `call` of the frames.
    #[inline]
    pub(crate) fn tell(&self, call: &mut Call) {
        for polled in [&self.first, &self.second] {
            match polled {
                Poll::Pending | Poll::Ready(None) => {}
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref() {
                        call.data(data);
                    } else if let Some(trailers) = frame.trailers_ref() {
                        call.trailers(trailers);
                    }
                }
                Poll::Ready(Some(Err(status))) => call.failed(status),
            }
        }
        if self.is_all {
            call.complete();
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        let is_nothing = |polled: &Polled| matches!(polled, Poll::Pending | Poll::Ready(None));
        is_nothing(&self.first) && is_nothing(&self.second)
    }

    #[inline]
    fn next(&mut self) -> Polled {
        let next = if self.first.is_ready() { &mut self.first } else { &mut self.second };
        std::mem::replace(next, Poll::Pending)
    }
}

fn is_small(polled: &Polled) -> bool {
    let Poll::Ready(Some(Ok(frame))) = polled else { return false };
    frame.data_ref().is_some_and(|data| data.len() < FULL)
}

/// Whether nothing follows.
fn is_last(polled: &Polled) -> bool {
    match polled {
        Poll::Pending => false,
        Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
        Poll::Ready(Some(Err(_)) | None) => true,
    }
}

/// The body of a response that [has no more](Ahead::is_all).
impl Body for Ahead {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        debug_assert!(self.is_all, "there is more of the body than this");
        let next = self.get_mut().next();
        if next.is_pending() { Poll::Ready(None) } else { next }
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }
}

/// A body of which the first frames were taken.
#[derive(Debug)]
pub(crate) struct Resumed {
    ahead: Ahead,
    rest: TracedBody<TonicBody>,
}

impl Resumed {
    pub(crate) fn new(ahead: Ahead, rest: TracedBody<TonicBody>) -> Self {
        Self { ahead, rest }
    }
}

impl Body for Resumed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        let next = this.ahead.next();
        if next.is_pending() { Pin::new(&mut this.rest).poll_frame(cx) } else { next }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }
}
