//! Reads the responses of a receiver.

use super::secrets::Secrets;
use crate::pipeline::Exported;
use crate::wire::each_field;

/// Reads an `ExportTraceServiceResponse`. A malformed one is treated as empty, because the receiver has accepted the spans.
#[allow(clippy::cast_possible_wrap)]
pub(super) fn exported(body: &[u8], secrets: &Secrets) -> Exported {
    let (mut rejected, mut message) = (0i64, String::new());
    let read = each_field(body, |number, field| match number {
        1 => each_field(field.bytes()?, |number, field| {
            match number {
                1 => rejected = field.varint()? as i64,
                2 => field.string()?.clone_into(&mut message),
                _ => {}
            }
            Ok(())
        }),
        _ => Ok(()),
    });
    match read {
        Ok(()) => {
            Exported { rejected_spans: u64::try_from(rejected).unwrap_or(0), message: secrets.hide(&message) }
        }
        Err(_) => Exported::default(),
    }
}

/// Reads an `ExportTraceServiceResponse` in JSON, as [`exported`] does.
#[cfg(all(feature = "otlp-http", feature = "otlp-json"))]
pub(super) fn exported_json(body: &[u8], secrets: &Secrets) -> Exported {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let partial = &value["partialSuccess"];
    let rejected = &partial["rejectedSpans"];
    let rejected = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok());
    let message = partial["errorMessage"].as_str().unwrap_or_default();
    Exported { rejected_spans: rejected.unwrap_or(0), message: secrets.hide(message) }
}

/// Returns the message of a `google.rpc.Status`.
#[cfg(feature = "otlp-http")]
pub(super) fn status_message(body: &[u8]) -> Option<String> {
    let mut message = None;
    each_field(body, |number, field| {
        if number == 2 {
            message = Some(field.string()?.to_owned());
        }
        Ok(())
    })
    .ok()?;
    message
}

/// Returns the message of a `google.rpc.Status` in JSON.
#[cfg(all(feature = "otlp-http", feature = "otlp-json"))]
pub(super) fn status_message_json(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<serde_json::Value>(body).ok()?["message"].as_str().map(str::to_owned)
}
