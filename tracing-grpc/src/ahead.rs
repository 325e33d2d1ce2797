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
/// then spares to make the context current twice more, and to carry the span along with the body. What that gains stands in
/// `benches/RESULTS.md`, where a layer that does not do it is measured beside one that does.
///
/// tonic's encoder reads ahead by itself: its frame holds all messages that are ready, up to 32 KiB. After a full one no second frame
/// is taken, so what is held here is less than 64 KiB, but for single messages that are larger.
#[derive(Debug)]
pub struct Ahead {
    data: Option<Bytes>,
    then: Then,
    is_all: bool,
}

/// What was taken after the first message, or in its place.
#[derive(Debug)]
enum Then {
    Nothing,
    Data(Bytes),
    /// Trailers, and whatever else there may be one day.
    Frame(Frame<Bytes>),
    Failed(Status),
}

impl Ahead {
    /// Takes what is there of `body`, which is left empty when that was all.
    #[inline]
    pub(crate) fn of(body: &mut TonicBody, cx: &mut Context<'_>) -> Option<Self> {
        // A body that knows its size is none of a call's, and what it says of that is for whoever sends it.
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return None;
        }
        // The first frame stays where it is for now: to move what was written just before is to wait until it has been.
        let first = Pin::new(&mut *body).poll_frame(cx);
        if first.is_pending() {
            return None;
        }
        let asks_again = is_small(&first) && !body.is_end_stream();
        let second = if asks_again { Pin::new(&mut *body).poll_frame(cx) } else { Poll::Pending };
        let is_all = is_last(&first) || is_last(&second) || body.is_end_stream();
        if is_all {
            // Here and now, so that spans within end before the span around them.
            *body = TonicBody::empty();
        }
        let (data, then) = match Then::of(first) {
            Then::Data(data) => (Some(data), Then::of(second)),
            then => (None, then),
        };
        Some(Self { data, then, is_all })
    }

    /// Whether the body has no more than these frames.
    #[inline]
    pub(crate) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Tells `call` of the frames.
    #[inline]
    pub(crate) fn tell(&self, call: &mut Call) {
        if let Some(data) = &self.data {
            call.data(data);
        }
        match &self.then {
            Then::Nothing => {}
            Then::Data(data) => call.data(data),
            Then::Frame(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    call.trailers(trailers);
                }
            }
            Then::Failed(status) => call.failed(status),
        }
        if self.is_all {
            call.complete();
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.data.is_none() && matches!(self.then, Then::Nothing)
    }

    #[inline]
    fn next(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        if let Some(data) = self.data.take() {
            return Some(Ok(Frame::data(data)));
        }
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Nothing => None,
            Then::Data(data) => Some(Ok(Frame::data(data))),
            Then::Frame(frame) => Some(Ok(frame)),
            Then::Failed(status) => Some(Err(status)),
        }
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

impl Then {
    #[inline]
    fn of(polled: Polled) -> Self {
        match polled {
            Poll::Pending | Poll::Ready(None) => Self::Nothing,
            Poll::Ready(Some(Err(status))) => Self::Failed(status),
            Poll::Ready(Some(Ok(frame))) => frame.into_data().map_or_else(Self::Frame, Self::Data),
        }
    }
}

/// The body of a response that [has no more](Ahead::is_all).
impl Body for Ahead {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        debug_assert!(self.is_all, "there is more of the body than this");
        Poll::Ready(self.get_mut().next())
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
        match this.ahead.next() {
            Some(item) => Poll::Ready(Some(item)),
            None => Pin::new(&mut this.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }
}
