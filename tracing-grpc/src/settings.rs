//! The settings that both layers have.

/// Writes the settings of one layer, which has `config`, `hooks` and `with_hooks`, and may have a parameter before those of
/// its hooks.
macro_rules! settings {
    ($layer:ident, $metric:literal $(, $body:ident)?) => {
        /// Filter and hooks.
        impl<$($body,)? F, Q, P> $layer<$($body,)? F, Q, P> {
            /// Excludes calls, such as those of [health checks](crate::skip_health_and_reflection), and everything below
            /// them. All calls are traced by default. See [`Filter`](tracing_core_lite::tower::Filter) for what excluded
            /// calls pass on.
            #[must_use]
            pub fn with_filter<G>(self, filter: G) -> $layer<$($body,)? G, Q, P>
            where
                G: for<'a> tracing_core_lite::tower::Filter<crate::RequestHead<'a>>,
            {
                self.with_hooks(|hooks| hooks.with_filter(filter))
            }

            /// Adds attributes from the request to recorded spans. See
            /// [`OnRequest`](tracing_core_lite::tower::OnRequest).
            #[must_use]
            pub fn with_on_request<H>(self, on_request: H) -> $layer<$($body,)? F, H, P>
            where
                H: for<'a> tracing_core_lite::tower::OnRequest<crate::RequestHead<'a>>,
            {
                self.with_hooks(|hooks| hooks.with_on_request(on_request))
            }

            /// Adds attributes from the initial metadata of the response to recorded spans. See
            /// [`OnResponse`](tracing_core_lite::tower::OnResponse).
            #[must_use]
            pub fn with_on_response<H>(self, on_response: H) -> $layer<$($body,)? F, Q, H>
            where
                H: for<'a> tracing_core_lite::tower::OnResponse<crate::ResponseHead<'a>>,
            {
                self.with_hooks(|hooks| hooks.with_on_response(on_response))
            }
        }

        /// Settings.
        impl<$($body,)? F, Q, P> $layer<$($body,)? F, Q, P> {
            fn set(mut self, change: impl FnOnce(&mut crate::config::Config)) -> Self {
                change(std::sync::Arc::make_mut(&mut self.config));
                self
            }

            /// Records with `provider` and uses its propagator, whichever provider is installed.
            #[must_use]
            pub fn with_provider(self, provider: &tracing_core_lite::TracerProvider) -> Self {
                self.set(|config| config.set_provider(provider))
            }

            /// Sets which metadata carries the context; by default that of the provider's propagator. Call this after
            /// [`with_provider`](Self::with_provider).
            #[must_use]
            pub fn with_propagator(self, propagator: tracing_core_lite::propagation::Propagator) -> Self {
                self.set(|config| config.source = config.source.clone().with_propagator(propagator))
            }

            /// Sets the methods, `package.Service/Method`, that are recorded under their names. May be called repeatedly.
            /// Others then become `_OTHER`, except those that a generated client calls. By default a name is kept unless
            /// the answer is UNIMPLEMENTED. Source: semantic conventions, `rpc.method`.
            #[must_use]
            pub fn with_known_methods<M: Into<Box<str>>>(self, methods: impl IntoIterator<Item = M>) -> Self {
                self.set(|config| config.known_methods.add(methods.into_iter().map(Into::into)))
            }

            /// Records this metadata of requests as `rpc.request.metadata.<key>`; none by default. May be called repeatedly.
            ///
            /// Keys that carry credentials, such as `authorization`, are left out.
            #[must_use]
            pub fn with_captured_request_metadata(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| config.request_metadata.add(crate::record::semconv::REQUEST_METADATA, keys))
            }

            /// Records this metadata of responses, initial or trailing, as `rpc.response.metadata.<key>`; none by default.
            /// May be called repeatedly. If a key is in both, the trailing value is kept.
            ///
            /// Keys that carry credentials, such as `set-cookie`, are left out.
            #[must_use]
            pub fn with_captured_response_metadata(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| config.response_metadata.add(crate::record::semconv::RESPONSE_METADATA, keys))
            }

            /// Records this metadata of requests, even if it carries credentials. Everyone who can read the traces can then
            /// read it.
            ///
            /// A provider of this suite also redacts such values before export. To send them, allow their keys with
            /// [`Redaction::with_allowed_key`](tracing_core_lite::redaction::Redaction::with_allowed_key).
            #[must_use]
            pub fn with_captured_request_metadata_and_credentials(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| config.request_metadata.add_any(crate::record::semconv::REQUEST_METADATA, keys))
            }

            /// Records this metadata of responses, even if it carries credentials. Everyone who can read the traces can then
            /// read it.
            ///
            /// A provider of this suite also redacts such values before export. To send them, allow their keys with
            /// [`Redaction::with_allowed_key`](tracing_core_lite::redaction::Redaction::with_allowed_key).
            #[must_use]
            pub fn with_captured_response_metadata_and_credentials(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| {
                    config.response_metadata.add_any(crate::record::semconv::RESPONSE_METADATA, keys);
                })
            }

            /// Records the first `most` messages of each direction as events `grpc.message.sent` and
            /// `grpc.message.received`, with `grpc.message.id`, counted from 1, and `grpc.message.size`, in bytes on the
            /// wire; 0 by default.
            ///
            /// Messages of requests are recorded only if the body is tonic's own. The names are defined by this suite: the
            /// conventions have removed theirs.
            #[must_use]
            pub fn with_messages(self, most: u32) -> Self {
                self.set(|config| config.messages = most)
            }

            /// Sets whether to record `grpc-message`, at most 1,024 bytes of it, as the description of a failed span;
            /// `false` by default, because services put details into it that are meant for the caller alone.
            #[must_use]
            pub fn with_status_message(self, record: bool) -> Self {
                self.set(|config| config.status_messages = record)
            }

            #[doc = concat!("Measures `", $metric, "`, in seconds, with the OpenTelemetry API's global meter provider at the time of this call; not measured by default.")]
            #[cfg(feature = "metrics")]
            #[must_use]
            pub fn with_metrics(self) -> Self {
                let meter = opentelemetry::global::meter_with_scope(crate::scope::scope());
                self.with_meter(&meter)
            }

            #[doc = concat!("Measures `", $metric, "`, in seconds, with `meter`. A call counts when it has ended, in whichever way.")]
            #[cfg(feature = "metrics")]
            #[must_use]
            pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
                self.set(|config| {
                    config.metrics = Some(crate::record::metrics::of_side(config.side, meter));
                })
            }
        }
    };
}
pub(crate) use settings;
