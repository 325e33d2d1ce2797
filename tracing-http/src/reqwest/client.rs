//! A traced client that speaks reqwest's own types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use reqwest::{Body, Client, Error, IntoUrl, Method, Request, RequestBuilder, Response};
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::tower::{Filter, OnRequest, OnResponse};

use super::service::{ReqwestFuture, ReqwestService};
use crate::client::{Classify, ClientFuture, ClientLayer, ClientService, StdErrors};
use crate::head::{RequestHead, ResponseHead};

/// A [`reqwest::Client`] whose requests are spans of kind client. Cheap to clone.
///
/// Requests are built with reqwest's own `RequestBuilder` and sent with [`send`](TracedClient::send) or
/// [`execute`](TracedClient::execute). `RequestBuilder::send` would send them untraced. A span ends when the response's
/// body has been read, as by `Response::json`, or is dropped. Redirects that reqwest follows are part of
/// one span.
///
/// ```no_run
/// use tracing_http::reqwest::TracedClient;
///
/// # async fn example() -> Result<(), reqwest::Error> {
/// let client = TracedClient::new(reqwest::Client::new());
/// let request = client.get("http://127.0.0.1:8080/orders?page=2").header("x-tenant", "acme");
/// let orders = client.send(request).await?.error_for_status()?.text().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TracedClient<C = StdErrors, F = (), Q = (), P = ()> {
    client: Client,
    service: ClientService<ReqwestService, C, F, Q, P>,
}

impl TracedClient {
    /// Traces the requests of `client` with the default settings.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::with_layer(client, &ClientLayer::new())
    }
}

impl<C: Clone, F: Clone, Q: Clone, P: Clone> TracedClient<C, F, Q, P> {
    /// Traces the requests of `client` with the settings of `layer`.
    #[must_use]
    pub fn with_layer(client: Client, layer: &ClientLayer<C, F, Q, P>) -> Self {
        let service = layer.layer(ReqwestService::from(client.clone()));
        Self { client, service }
    }
}

impl<C, F, Q, P> TracedClient<C, F, Q, P> {
    /// Starts to build a GET request, for [`send`](TracedClient::send).
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.client.get(url)
    }

    /// Starts to build a POST request, for [`send`](TracedClient::send).
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.client.post(url)
    }

    /// Starts to build a request, for [`send`](TracedClient::send).
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Returns the client, whose own requests are not traced.
    #[must_use]
    pub fn as_untraced(&self) -> &Client {
        &self.client
    }
}

impl<C, F, Q, P> TracedClient<C, F, Q, P>
where
    C: Classify<Error> + Clone,
    F: for<'a> Filter<RequestHead<'a>> + Clone,
    Q: for<'a> OnRequest<RequestHead<'a>> + Clone,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`RequestBuilder::build`] and of [`Client::execute`].
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        self.execute(request.build()?).await
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Those of [`Client::execute`].
    pub async fn execute(&self, request: Request) -> Result<Response, Error> {
        self.clone().call(request).await
    }
}

impl<C, F, Q, P> Service<Request> for TracedClient<C, F, Q, P>
where
    C: Classify<Error> + Clone,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    type Response = Response;
    type Error = Error;
    type Future = TracedResponse<C, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let sent = match http::Request::<Body>::try_from(request) {
            Ok(request) => Sent::Request { response: self.service.call(request) },
            Err(error) => Sent::Nothing { error: Some(error) },
        };
        TracedResponse { sent }
    }
}

pin_project! {
    /// The future of a [`TracedClient`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TracedResponse<C, P = ()> {
        #[pin]
        sent: Sent<C, P>,
    }
}

pin_project! {
    #[project = SentProjection]
    enum Sent<C, P> {
        Request {
            #[pin]
            response: ClientFuture<ReqwestFuture, C, P>,
        },
        // A URL of reqwest that is no URI.
        Nothing { error: Option<Error> },
    }
}

impl<C, P> std::fmt::Debug for TracedResponse<C, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracedResponse").finish_non_exhaustive()
    }
}

impl<C, P> Future for TracedResponse<C, P>
where
    C: Classify<Error>,
    P: for<'a> OnResponse<ResponseHead<'a>>,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().sent.project() {
            SentProjection::Request { response } => {
                let response = ready!(response.poll(cx))?;
                Poll::Ready(Ok(Response::from(response.map(Body::wrap))))
            }
            // A future may stay pending when it is polled after its end.
            SentProjection::Nothing { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
            }
        }
    }
}
