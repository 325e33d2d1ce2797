//! The route of a request: the pattern that its path matches.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::head::RequestHead;

/// An extension that names the route of a request, for routers other than axum's.
///
/// Set it on the request above the layer, or on the response if the route is known only after routing:
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
    /// Returns the pattern, such as `/orders/{id}`.
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

/// A user's function that finds the route of a request.
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

/// Returns the route if the request names it or the finder knows it.
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
