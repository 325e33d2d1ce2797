//! Adds the attributes that other layers record to the span of fastrace's gRPC layer, as its users would.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fastrace::local::LocalSpan;
use http::{Request, Response, Uri};
use pin_project_lite::pin_project;

/// Goes below fastrace's layer, where its span is current.
#[derive(Clone)]
pub struct ByHandLayer;

impl<S> tower::Layer<S> for ByHandLayer {
    type Service = ByHand<S>;

    fn layer(&self, inner: S) -> ByHand<S> {
        ByHand { inner }
    }
}

#[derive(Clone)]
pub struct ByHand<S> {
    inner: S,
}

impl<S, B, R> tower::Service<Request<B>> for ByHand<S>
where
    S: tower::Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Recorded<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let uri = request.uri().clone();
        Recorded { inner: self.inner.call(request), uri }
    }
}

pin_project! {
    pub struct Recorded<F> {
        #[pin]
        inner: F,
        uri: Uri,
    }
}

impl<F: Future<Output = Result<Response<R>, E>>, R, E> Future for Recorded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        LocalSpan::add_properties(|| {
            // A status in the trailers is not known yet.
            let failed =
                result.as_ref().map_or(true, |response| response.headers().contains_key("grpc-status"));
            [
                ("rpc.system.name", "grpc".into()),
                ("rpc.method", this.uri.path().trim_start_matches('/').to_owned()),
                ("server.address", this.uri.host().unwrap_or_default().to_owned()),
                ("server.port", this.uri.port().map(|port| port.to_string()).unwrap_or_default()),
                ("rpc.response.status_code", if failed { "UNKNOWN" } else { "OK" }.into()),
            ]
        });
        Poll::Ready(result)
    }
}
