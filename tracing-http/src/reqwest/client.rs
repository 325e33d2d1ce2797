//! A traced client that speaks reqwest's own types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use reqwest::redirect::Policy;
use reqwest::{Body, Client, ClientBuilder, Error, IntoUrl, Method, Request, RequestBuilder, Response};
use tower_layer::Layer;
use tower_service::Service;
use tracing_core_lite::tower::{Filter, OnRequest, OnResponse};

use super::redirect::Redirect;
use super::service::{ReqwestFuture, ReqwestService};
use crate::client::{Classify, ClientFuture, ClientLayer, ClientService, ResendCount, StdErrors};
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
///
/// # Outbound boundaries
/// With an [outbound boundary](ClientLayer::with_outbound_boundary), each redirect has to be decided anew, which is not possible
/// for those that reqwest follows itself. Choose one of these:
///
/// | made by | redirects | sends |
/// |---|---|---|
/// | [`build`](TracedClient::build) | followed here, at most 10, each through the layer | what the boundary allows |
/// | [`with_redirects_off`](TracedClient::with_redirects_off) | not followed, as the caller confirms | what the boundary allows |
/// | [`with_layer`](TracedClient::with_layer) | whatever the client does | nothing |
#[derive(Debug, Clone)]
pub struct TracedClient<C = StdErrors, F = (), Q = (), P = ()> {
    client: Client,
    service: ClientService<ReqwestService, C, F, Q, P>,
    follows_redirects: bool,
}

impl TracedClient {
    /// Traces the requests of `client` with the default settings.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::with_layer(client, &ClientLayer::new())
    }
}

impl<C: Clone, F: Clone, Q: Clone, P: Clone> TracedClient<C, F, Q, P> {
    /// Traces the requests of `client` with the settings of `layer`. If the layer has an
    /// [outbound boundary](ClientLayer::with_outbound_boundary), neither trace context nor baggage is sent, because `client`
    /// may follow redirects: use [`build`](TracedClient::build) then.
    #[must_use]
    pub fn with_layer(client: Client, layer: &ClientLayer<C, F, Q, P>) -> Self {
        let service = ReqwestService::from(client.clone());
        let service = match layer.has_boundary() {
            true => layer.clone().above_redirects().layer(service),
            false => layer.layer(service),
        };
        Self { client, service, follows_redirects: false }
    }

    /// Traces the requests of a client that follows no redirects, because it was built with
    /// `redirect(reqwest::redirect::Policy::none())`. This is not checked: reqwest does not tell.
    #[must_use]
    pub fn with_redirects_off(client: Client, layer: &ClientLayer<C, F, Q, P>) -> Self {
        let service = layer.layer(ReqwestService::with_redirects_off(client.clone()));
        Self { client, service, follows_redirects: false }
    }

    /// Builds a client and traces its requests with the settings of `layer`. Redirects are followed above the layer, so that
    /// each request has a span and is decided anew by an [outbound boundary](ClientLayer::with_outbound_boundary). A redirect
    /// policy of `builder` is replaced.
    ///
    /// At most 10 redirects are followed; the response that would be the eleventh is returned. 301 and 302 turn POST
    /// into GET, and 303 turns every method but HEAD into GET. A body that can be read only once is not sent again: the
    /// redirect is then returned. Credentials are not sent to another host, and no `referer` is sent.
    ///
    /// ```no_run
    /// use tracing_core_lite::propagation::boundary::{OutboundBoundary, OutboundPolicy};
    /// use tracing_http::client::ClientLayer;
    /// use tracing_http::reqwest::TracedClient;
    ///
    /// let boundary = OutboundBoundary::new(OutboundPolicy::Everything).with_only(["*.shop.internal"]);
    /// let layer = ClientLayer::new().with_outbound_boundary(boundary);
    /// let client = TracedClient::build(reqwest::Client::builder(), &layer)?;
    /// # Ok::<(), reqwest::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`].
    pub fn build(builder: ClientBuilder, layer: &ClientLayer<C, F, Q, P>) -> Result<Self, Error> {
        let client = builder.redirect(Policy::none()).build()?;
        Ok(Self { follows_redirects: true, ..Self::with_redirects_off(client, layer) })
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
    F: for<'a> Filter<RequestHead<'a>> + Clone,
    Q: for<'a> OnRequest<RequestHead<'a>> + Clone,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    type Response = Response;
    type Error = Error;
    type Future = TracedResponse<C, F, Q, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let redirect = self.follows_redirects.then(|| Redirect::new(&request, self.service.clone()));
        TracedResponse { sent: Sent::new(&mut self.service, request, 0), redirect }
    }
}

pin_project! {
    /// The future of a [`TracedClient`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TracedResponse<C, F = (), Q = (), P = ()> {
        #[pin]
        sent: Sent<C, P>,
        // Boxed, because few responses are redirects.
        redirect: Option<Box<Redirect<ClientService<ReqwestService, C, F, Q, P>>>>,
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

impl<C, P> Sent<C, P> {
    /// Sends a request that was redirected `redirects` times.
    fn new<F, Q>(
        service: &mut ClientService<ReqwestService, C, F, Q, P>,
        request: Request,
        redirects: u32,
    ) -> Self
    where
        C: Classify<Error> + Clone,
        F: for<'a> Filter<RequestHead<'a>>,
        Q: for<'a> OnRequest<RequestHead<'a>>,
        P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
    {
        match http::Request::<Body>::try_from(request) {
            Ok(mut request) => {
                if redirects > 0 {
                    request.extensions_mut().insert(ResendCount(redirects));
                }
                Self::Request { response: service.call(request) }
            }
            Err(error) => Self::Nothing { error: Some(error) },
        }
    }
}

impl<C, F, Q, P> std::fmt::Debug for TracedResponse<C, F, Q, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracedResponse").finish_non_exhaustive()
    }
}

impl<C, F, Q, P> Future for TracedResponse<C, F, Q, P>
where
    C: Classify<Error> + Clone,
    F: for<'a> Filter<RequestHead<'a>>,
    Q: for<'a> OnRequest<RequestHead<'a>>,
    P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let response = match this.sent.as_mut().project() {
                SentProjection::Request { response } => ready!(response.poll(cx))?,
                // A future may stay pending when it is polled after its end.
                SentProjection::Nothing { error } => {
                    return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
                }
            };
            let next = this.redirect.as_mut().and_then(|redirect| {
                let request = redirect.next(response.status(), response.headers())?;
                Some(Sent::new(&mut redirect.service, request, redirect.followed))
            });
            match next {
                Some(next) => {
                    // Ends the span of the redirect before the next one starts to wait.
                    drop(response);
                    this.sent.set(next);
                }
                None => return Poll::Ready(Ok(Response::from(response.map(Body::wrap)))),
            }
        }
    }
}
