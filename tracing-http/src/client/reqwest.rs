//! reqwest's client as a tower service of `http` types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use reqwest::{Body, Client, Error};
use tower_service::Service;

use crate::PeerAddress;

/// A [`reqwest::Client`] that takes [`http::Request`]s and gives [`http::Response`]s, as layers expect.
///
/// ```no_run
/// use tower::{ServiceBuilder, ServiceExt};
/// use tracing_http::client::{ClientLayer, ReqwestService};
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
/// Those of reqwest; also when the request's URI is not absolute.
#[derive(Debug, Clone, Default)]
pub struct ReqwestService(Client);

impl From<Client> for ReqwestService {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

impl<B: Into<Body>> Service<Request<B>> for ReqwestService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ReqwestFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match reqwest::Request::try_from(request) {
            Ok(request) => ReqwestFuture::Sent { response: Service::call(&mut self.0, request) },
            Err(error) => ReqwestFuture::Refused { error: Some(error) },
        }
    }
}

pin_project! {
    /// The response of a [`ReqwestService`] to come.
    #[project = ReqwestProjection]
    #[must_use = "futures do nothing unless polled"]
    pub enum ReqwestFuture {
        #[doc(hidden)]
        Sent {
            #[pin]
            response: <Client as Service<reqwest::Request>>::Future,
        },
        #[doc(hidden)]
        Refused { error: Option<Error> },
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
        match self.project() {
            ReqwestProjection::Sent { response } => response.poll(cx).map_ok(|response| {
                let peer = response.remote_addr();
                let mut response = Response::from(response);
                if let Some(peer) = peer {
                    response.extensions_mut().insert(PeerAddress(peer));
                }
                response
            }),
            // A future that is polled after its end may stay pending.
            ReqwestProjection::Refused { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
            }
        }
    }
}
