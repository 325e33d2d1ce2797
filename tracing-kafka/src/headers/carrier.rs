//! Message headers as carriers of trace context.

use rdkafka::Message;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, OwnedHeaders, OwnedMessage};
use tracing_core_lite::propagation::{Extract, Inject};

use super::native;

/// The capacity of new headers: `traceparent`, `tracestate` and `baggage`.
const OWN_HEADERS: usize = 3;

/// A message whose headers can be read: [`BorrowedMessage`] and [`OwnedMessage`].
pub trait CarrierMessage: Message + sealed::Sealed {
    /// Returns the headers in the form that both kinds of messages share.
    fn borrowed_headers(&self) -> Option<&BorrowedHeaders>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for rdkafka::message::BorrowedMessage<'_> {}
    impl Sealed for rdkafka::message::OwnedMessage {}
}

impl CarrierMessage for BorrowedMessage<'_> {
    fn borrowed_headers(&self) -> Option<&BorrowedHeaders> {
        self.headers()
    }
}

impl CarrierMessage for OwnedMessage {
    fn borrowed_headers(&self) -> Option<&BorrowedHeaders> {
        self.headers().map(OwnedHeaders::as_borrowed)
    }
}

/// The headers of a message, for reading. If several have the same name, the last one is used, as in Kafka's own
/// clients.
pub(crate) struct Incoming<'h>(pub(crate) Option<&'h BorrowedHeaders>);

impl Extract for Incoming<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        native::last(self.0?, name)
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        if let Some(headers) = self.0 {
            native::visit(headers, visit);
        }
        true
    }

    fn last_wins(&self) -> bool {
        true
    }
}

/// The headers of a message, for writing. All other headers keep their order, duplicates, nulls and bytes.
pub(crate) struct Outgoing(pub(crate) Option<OwnedHeaders>);

impl Inject for Outgoing {
    fn set(&mut self, name: &'static str, value: &str) {
        self.set_named(name, value);
    }

    fn set_named(&mut self, name: &str, value: &str) {
        let headers = match self.0.take() {
            Some(mut headers) => {
                native::remove(&mut headers, name);
                headers
            }
            None => OwnedHeaders::new_with_capacity(OWN_HEADERS),
        };
        self.0 = Some(headers.insert(Header { key: name, value: Some(value) }));
    }

    fn remove(&mut self, name: &'static str) {
        if let Some(headers) = &mut self.0 {
            native::remove(headers, name);
        }
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        let Some(headers) = &mut self.0 else { return true };
        let mut found = Vec::new();
        native::visit(headers.as_borrowed(), &mut |name, _| {
            if matches(&name.to_ascii_lowercase()) {
                found.push(name.to_owned());
            }
        });
        found.iter().for_each(|name| native::remove(headers, name));
        true
    }
}
