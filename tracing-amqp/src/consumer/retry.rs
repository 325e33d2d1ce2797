//! Publishing a message again.

use lapin::BasicProperties;
use lapin::message::Delivery;
use tracing_core_lite::messaging::Origin;

use crate::headers::NewHeaders;

/// Returns the properties of `delivery`, with the number of the next attempt and the first sender in the headers.
pub(crate) fn properties_for_retry(delivery: &Delivery, origin: &Origin) -> BasicProperties {
    let mut headers = NewHeaders::of(&delivery.properties);
    origin.next_attempt().inject(&mut headers);
    headers.put_into(delivery.properties.clone())
}
