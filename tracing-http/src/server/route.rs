//! The route of a request: the pattern that its path matched.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::head::RequestHead;

/// An extension that says which route a request matched, for routers that this crate does not know.
///
/// Set it on the request before the layer sees it, or on the response where the route is known only after routing:
///
/// ```
/// use tracing_http::server::Route;
///
/// let mut response = http::Response::new("an order");
/// response.extensions_mut().insert(Route::from("/orders/{id}"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route(Cow<'static, str>);

impl Route {
    /// The pattern, such as `/orders/{id}`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R: Into<Cow<'static, str>>> From<R> for Route {
    fn from(route: R) -> Self {
        Self(route.into())
    }
}

/// Finds the route of a request by asking a router of the user's.
#[derive(Clone)]
pub(crate) struct RouteFinder(Arc<Find>);

type Find = dyn for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

impl RouteFinder {
    pub(crate) fn new(
        find: impl for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }
}

impl fmt::Debug for RouteFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteFinder(..)")
    }
}

/// The route as far as the request tells.
#[inline]
pub(crate) fn of_request<'a>(
    request: &RequestHead<'a>,
    finder: Option<&RouteFinder>,
) -> Option<Cow<'a, str>> {
    if let Some(route) = request.extensions().get::<Route>() {
        return Some(Cow::Borrowed(route.as_str()));
    }
    #[cfg(feature = "axum")]
    if let Some(matched) = request.extensions().get::<axum::extract::MatchedPath>() {
        return Some(Cow::Borrowed(matched.as_str()));
    }
    finder.and_then(|finder| (finder.0)(request))
}
