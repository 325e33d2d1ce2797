//! reqwest's client as a tower service of `http` types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use reqwest::{Body, Client, Error, ResponseBuilderExt};
use tower_service::Service;
use tracing_core_lite::propagation::Propagator;

use crate::PeerAddress;
use crate::client::UnderBoundary;

/// A [`reqwest::Client`] as a tower service of [`http::Request`] and [`http::Response`], as layers expect.
///
/// ```no_run
/// use tower::{ServiceBuilder, ServiceExt};
/// use tracing_http::client::ClientLayer;
/// use tracing_http::reqwest::ReqwestService;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ServiceBuilder::new()
///     .layer(ClientLayer::new())
///     .service(ReqwestService::from(reqwest::Client::new()));
/// let request = http::Request::get("http://127.0.0.1:8080/orders").body(reqwest::Body::default())?;
/// let response = client.oneshot(request).await?;
/// assert!(response.status().is_success());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of reqwest. A request whose URI is not absolute fails too.
///
/// # Redirects
/// A client follows redirects by itself, with the headers of the first request. Below a layer with an
/// [outbound boundary](crate::client::ClientLayer::with_outbound_boundary), a `ReqwestService` that was made
/// [from](From) a client therefore sends no trace context and no baggage at all. Turn redirects off, and say so with
/// [`with_redirects_off`](Self::with_redirects_off).
#[derive(Debug, Clone, Default)]
pub struct ReqwestService {
    client: Client,
    redirects_are_off: bool,
}

impl ReqwestService {
    /// Creates a service of a client that follows no redirects, because it was built with
    /// `redirect(reqwest::redirect::Policy::none())`. This is not checked: reqwest does not tell.
    #[must_use]
    pub fn with_redirects_off(client: Client) -> Self {
        Self { client, redirects_are_off: true }
    }
}

impl From<Client> for ReqwestService {
    fn from(client: Client) -> Self {
        Self { client, redirects_are_off: false }
    }
}

impl<B: Into<Body>> Service<Request<B>> for ReqwestService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ReqwestFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.client, cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let is_under_boundary = request.extensions_mut().remove::<UnderBoundary>().is_some();
        if is_under_boundary && !self.redirects_are_off {
            Propagator::none().remove_context(request.headers_mut());
        }
        let sent = match reqwest::Request::try_from(request) {
            Ok(request) => Sent::Request { response: Service::call(&mut self.client, request) },
            Err(error) => Sent::Nothing { error: Some(error) },
        };
        ReqwestFuture { sent }
    }
}

pin_project! {
    /// The future of a [`ReqwestService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReqwestFuture {
        #[pin]
        sent: Sent,
    }
}

pin_project! {
    #[project = SentProjection]
    enum Sent {
        Request {
            #[pin]
            response: <Client as Service<reqwest::Request>>::Future,
        },
        Nothing { error: Option<Error> },
    }
}

impl std::fmt::Debug for ReqwestFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReqwestFuture").finish_non_exhaustive()
    }
}

impl Future for ReqwestFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().sent.project() {
            SentProjection::Request { response } => response.poll(cx).map_ok(into_http),
            // A future may stay pending when it is polled after its end.
            SentProjection::Nothing { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
            }
        }
    }
}

/// Converts a response, and keeps its URL and the peer's address in the extensions.
fn into_http(response: reqwest::Response) -> Response<Body> {
    let peer = response.remote_addr();
    let url = response.url().clone();
    let mut response = Response::from(response);
    if let Some(peer) = peer {
        response.extensions_mut().insert(PeerAddress(peer));
    }
    // The only way to the extension that `reqwest::Response::from` reads the URL from.
    if let Ok(with_url) = Response::builder().url(url).body(()) {
        response.extensions_mut().extend(with_url.into_parts().0.extensions);
    }
    response
}
