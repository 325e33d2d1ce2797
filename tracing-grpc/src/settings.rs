//! The settings that both layers have.

/// Writes them for one layer, which has `config`, `filter`, `on_request` and `on_response`, and may have one parameter more,
/// with a field.
macro_rules! settings {
    ($layer:ident, $metric:literal $(, $extra:ident: $field:ident)?) => {
        /// Hooks.
        impl<F, Q, P $(, $extra)?> $layer<F, Q, P $(, $extra)?> {
            /// Leaves out calls, such as those of health checks: see [`Filter`](crate::Filter) and
            /// [`skip_health_and_reflection`](crate::skip_health_and_reflection). All are traced by default.
            #[must_use]
            pub fn filter<G>(self, filter: G) -> $layer<G, Q, P $(, $extra)?>
            where
                G: Fn(&crate::RequestHead<'_>) -> bool + Clone,
            {
                let Self { config, on_request, on_response $(, $field)?, .. } = self;
                $layer { config, filter, on_request, on_response $(, $field)? }
            }

            /// Adds attributes from the request, when the span is recorded: see [`OnRequest`](crate::OnRequest).
            #[must_use]
            pub fn on_request<H>(self, on_request: H) -> $layer<F, H, P $(, $extra)?>
            where
                H: Fn(&crate::RequestHead<'_>, &mut tracing_core_lite::Recorder<'_>) + Clone,
            {
                let Self { config, filter, on_response $(, $field)?, .. } = self;
                $layer { config, filter, on_request, on_response $(, $field)? }
            }

            /// Adds attributes from the initial metadata of the response, when the span is recorded: see
            /// [`OnResponse`](crate::OnResponse).
            #[must_use]
            pub fn on_response<H>(self, on_response: H) -> $layer<F, Q, H $(, $extra)?>
            where
                H: Fn(&crate::ResponseHead<'_>, &mut tracing_core_lite::Recorder<'_>) + Clone,
            {
                let Self { config, filter, on_request $(, $field)?, .. } = self;
                $layer { config, filter, on_request, on_response $(, $field)? }
            }
        }

        /// Settings.
        impl<F, Q, P $(, $extra)?> $layer<F, Q, P $(, $extra)?> {
            fn set(mut self, change: impl FnOnce(&mut crate::config::Config)) -> Self {
                change(std::sync::Arc::make_mut(&mut self.config));
                self
            }

            /// Records with `provider` and uses its propagator, whatever is installed.
            #[must_use]
            pub fn with_provider(self, provider: &tracing_core_lite::TracerProvider) -> Self {
                let tracer = provider.tracer_with_scope(crate::scope::scope());
                let propagator = provider.propagator().clone();
                self.set(|config| {
                    config.tracer = tracer;
                    config.propagator = propagator;
                })
            }

            /// Sets which metadata carries the context; that of the provider by default.
            #[must_use]
            pub fn with_propagator(self, propagator: tracing_core_lite::propagation::Propagator) -> Self {
                self.set(|config| config.propagator = propagator)
            }

            /// Records these methods, `package.Service/Method`, under their names; may be called repeatedly. As soon as
            /// it was called, others become `_OTHER`, but for those that a generated client calls. By default a name is
            /// kept unless the answer is UNIMPLEMENTED. Source: semantic conventions, `rpc.method`.
            #[must_use]
            pub fn known_methods<M: Into<Box<str>>>(self, methods: impl IntoIterator<Item = M>) -> Self {
                self.set(|config| config.known_methods.add(methods.into_iter().map(Into::into)))
            }

            /// Records this metadata of requests as `rpc.request.metadata.<key>`; none by default.
            ///
            /// Keys that carry credentials, such as `authorization`, are passed over.
            #[must_use]
            pub fn capture_request_metadata(self, keys: impl IntoIterator<Item = http::HeaderName>) -> Self {
                self.set(|config| config.request_metadata.add(crate::semconv::REQUEST_METADATA, keys))
            }

            /// Records this metadata of responses, initial or trailing, as `rpc.response.metadata.<key>`; none by default.
            /// Where a key is in both, the trailing value is kept.
            ///
            /// Keys that carry credentials, such as `set-cookie`, are passed over.
            #[must_use]
            pub fn capture_response_metadata(self, keys: impl IntoIterator<Item = http::HeaderName>) -> Self {
                self.set(|config| config.response_metadata.add(crate::semconv::RESPONSE_METADATA, keys))
            }

            /// As [`capture_request_metadata`](Self::capture_request_metadata), and does not pass over credentials: they
            /// will be readable for everybody who sees the traces.
            #[must_use]
            pub fn capture_request_metadata_with_credentials(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| config.request_metadata.add_any(crate::semconv::REQUEST_METADATA, keys))
            }

            /// As [`capture_response_metadata`](Self::capture_response_metadata), and does not pass over credentials: they
            /// will be readable for everybody who sees the traces.
            #[must_use]
            pub fn capture_response_metadata_with_credentials(
                self,
                keys: impl IntoIterator<Item = http::HeaderName>,
            ) -> Self {
                self.set(|config| config.response_metadata.add_any(crate::semconv::RESPONSE_METADATA, keys))
            }

            /// Makes the first `most` messages of each direction events, `grpc.message.sent` and `grpc.message.received`,
            /// with `grpc.message.id`, counted from 1, and `grpc.message.size`, in bytes as they travel; 0 by default.
            ///
            /// Those of requests are seen where the body is tonic's own. The names are ours: the conventions have taken
            /// theirs back.
            #[must_use]
            pub fn record_messages(self, most: u32) -> Self {
                self.set(|config| config.messages = most)
            }

            /// Records `grpc-message` as the description of a failed span, at most 1,024 bytes; not recorded by default,
            /// since services put into it what only the caller is to see.
            #[must_use]
            pub fn record_status_message(self, record: bool) -> Self {
                self.set(|config| config.status_messages = record)
            }

            #[doc = concat!("Measures `", $metric, "` with the meter provider that is set for the OpenTelemetry API when this is called; nothing is measured by default.")]
            #[cfg(feature = "metrics")]
            #[must_use]
            pub fn with_metrics(self) -> Self {
                let meter = opentelemetry::global::meter_with_scope(crate::scope::scope());
                self.with_meter(&meter)
            }

            #[doc = concat!("Measures `", $metric, "`, in seconds, with `meter`. A call counts when it has ended, however it did.")]
            #[cfg(feature = "metrics")]
            #[must_use]
            pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
                self.set(|config| config.metrics = Some(crate::metrics::Metrics::new(config.side, meter)))
            }
        }
    };
}
pub(crate) use settings;
