//! What a server layer does when the head of a response is there.

use std::sync::Arc;

use http::Response;
use tracing_core_lite::tower::{Call, OnHead, OnResponse};

use super::config::ServerConfig;
use super::response_headers;
use super::route::Route;
use crate::head::ResponseHead;
use crate::record::semconv::ROUTE;
use crate::record::span_name::span_name;
use crate::record::{HttpCall, error_type};

/// What a server layer does when the head of a response is there.
#[derive(Debug)]
pub struct ServerOnHead<P>(Option<Work<P>>);

#[derive(Debug)]
struct Work<P> {
    config: Arc<ServerConfig>,
    has_route: bool,
    on_response: P,
}

impl<P> ServerOnHead<P> {
    /// Most responses need no work, and then nothing is cloned.
    #[inline]
    pub(super) fn new(config: &Arc<ServerConfig>, on_response: &P, is_watched: bool, has_route: bool) -> Self
    where
        P: for<'a> OnResponse<ResponseHead<'a>> + Clone,
    {
        let is_recorded =
            is_watched && (!has_route || on_response.is_set() || !config.common.response_headers.is_empty());
        let has_work = is_recorded || config.changes_responses();
        Self(has_work.then(|| Work {
            config: Arc::clone(config),
            has_route,
            on_response: on_response.clone(),
        }))
    }
}

impl<P, B, E> OnHead<HttpCall, B, E> for ServerOnHead<P>
where
    P: for<'a> OnResponse<ResponseHead<'a>>,
    E: 'static,
{
    const IS_CLIENT: bool = false;

    #[inline]
    fn on_head(&self, call: &mut Call<HttpCall>, response: &mut Response<B>) {
        if let Some(work) = &self.0 {
            work.run(call, response);
        }
    }

    fn error_of(&self, error: &E) -> &'static str {
        error_type::of_any(error)
    }
}

impl<P: for<'a> OnResponse<ResponseHead<'a>>> Work<P> {
    #[inline(never)]
    fn run<B>(&self, call: &mut Call<HttpCall>, response: &mut Response<B>) {
        if !self.has_route {
            self.record_route(call, response);
        }
        let common = &self.config.common;
        if !common.response_headers.is_empty() || self.on_response.is_set() {
            call.run_hook(|span| {
                common.response_headers.record(span, response.headers());
                self.on_response.on_response(&ResponseHead::of(response), span);
            });
        }
        response_headers::add(&self.config, call.context(), response.headers_mut());
    }

    /// Records a route that is known only after routing.
    fn record_route<B>(&self, call: &mut Call<HttpCall>, response: &Response<B>) {
        let Some(route) = response.extensions().get::<Route>() else { return };
        call.with_span(|span, call| {
            #[cfg(feature = "metrics")]
            if let Some(measurement) = &mut call.measurement {
                measurement.set_route(route.as_str());
            }
            let method = self.config.common.known_methods.fold(call.method());
            let name = span_name(method, Some(route.as_str()));
            span.record(|span| {
                span.set_name(&name).set(ROUTE, route.as_str());
            });
        });
    }
}
