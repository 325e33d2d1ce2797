//! The lower bound of a gRPC call. Unlike that of a request, it reads the body, whose trailers have the status.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;

use super::lower_bound::{Ids, buffer, end, ids_of, now, number, text};

#[derive(Clone)]
pub struct LowerBoundLayer;

impl<S> tower::Layer<S> for LowerBoundLayer {
    type Service = LowerBound<S>;

    fn layer(&self, inner: S) -> LowerBound<S> {
        LowerBound { inner }
    }
}

#[derive(Clone)]
pub struct LowerBound<S> {
    inner: S,
}

/// The encoded part of a span, and its start time.
type Span = Option<(Vec<u8>, u64)>;

impl<S, B, R> tower::Service<Request<B>> for LowerBound<S>
where
    S: tower::Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = Traced<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (ids, sampled) = ids_of(request.headers());
        let span = sampled.then(|| {
            let mut fields = buffer();
            write_request(&mut fields, request.uri());
            (fields, now())
        });
        Traced { inner: self.inner.call(request), ids, span }
    }
}

/// Writes name, kind and attributes. Every text is shorter than 128 bytes, so that a length is one byte.
fn write_request(fields: &mut Vec<u8>, uri: &http::Uri) {
    let method = uri.path().get(1..).unwrap_or("");
    let (host, port) = uri.authority().and_then(|it| it.as_str().split_once(':')).unwrap_or(("", ""));
    fields.extend([5 << 3 | 2, method.len() as u8]);
    fields.extend(method.as_bytes());
    fields.extend([6 << 3, 2]);
    text(fields, "rpc.system.name", "grpc");
    text(fields, "rpc.method", method);
    text(fields, "server.address", host);
    number(fields, "server.port", port.parse().unwrap_or(0));
}

pin_project! {
    pub struct Traced<F> {
        #[pin]
        inner: F,
        ids: Ids,
        span: Span,
    }
}

impl<F: Future<Output = Result<Response<R>, E>>, R, E> Future for Traced<F> {
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.ids.within(|| this.inner.poll(cx)));
        let (ids, span) = (*this.ids, this.span.take());
        Poll::Ready(result.map(|response| response.map(|inner| TracedBody { inner, ids, span })))
    }
}

pin_project! {
    pub struct TracedBody<R> {
        #[pin]
        inner: R,
        ids: Ids,
        span: Span,
    }
}

impl<R: Body> Body for TracedBody<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, R::Error>>> {
        let this = self.project();
        let frame = this.ids.within(|| this.inner.poll_frame(cx));
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(status) = frame.trailers_ref().and_then(|trailers| trailers.get("grpc-status"))
            && let Some((mut fields, start)) = this.span.take()
        {
            let status = if status == "0" { "OK" } else { "UNKNOWN" };
            text(&mut fields, "rpc.response.status_code", status);
            end(fields, start, *this.ids);
        }
        frame
    }
}
