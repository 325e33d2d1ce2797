//! Reads what a receiver answers.

use std::time::Duration;

use super::secrets::Secrets;
use crate::export::Exported;
use crate::span::data::DecodeError;
use crate::span::decode::each_field;

/// Reads an `ExportTraceServiceResponse`. What cannot be read is taken for an empty one: the receiver accepted.
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

/// As [`exported`], of a JSON body.
#[cfg(all(feature = "otlp-http", feature = "otlp-json"))]
pub(super) fn exported_json(body: &[u8], secrets: &Secrets) -> Exported {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let partial = &value["partialSuccess"];
    let rejected = &partial["rejectedSpans"];
    let rejected = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok());
    let message = partial["errorMessage"].as_str().unwrap_or_default();
    Exported { rejected_spans: rejected.unwrap_or(0), message: secrets.hide(message) }
}

/// The message of a `google.rpc.Status`.
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

/// As [`status_message`], of a JSON body.
#[cfg(all(feature = "otlp-http", feature = "otlp-json"))]
pub(super) fn status_message_json(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<serde_json::Value>(body).ok()?["message"].as_str().map(str::to_owned)
}

/// The `google.rpc.RetryInfo` among the details of a `google.rpc.Status`, when it is there.
#[cfg(feature = "otlp-grpc")]
pub(super) fn retry_info(status: &[u8]) -> Option<RetryInfo> {
    let mut found = None;
    each_field(status, |number, field| {
        if number == 3 {
            if let Some(info) = retry_info_in_any(field.bytes()?)? {
                found = Some(info);
            }
        }
        Ok(())
    })
    .ok()?;
    found
}

/// Says that the same request may be sent again.
#[cfg(feature = "otlp-grpc")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryInfo {
    /// Not before this time has passed.
    pub(super) delay: Option<Duration>,
}

#[cfg(feature = "otlp-grpc")]
fn retry_info_in_any(any: &[u8]) -> Result<Option<RetryInfo>, DecodeError> {
    let (mut is_retry_info, mut value): (bool, &[u8]) = (false, &[]);
    each_field(any, |number, field| {
        match number {
            1 => is_retry_info = field.string()?.rsplit('/').next() == Some("google.rpc.RetryInfo"),
            2 => value = field.bytes()?,
            _ => {}
        }
        Ok(())
    })?;
    if !is_retry_info {
        return Ok(None);
    }
    let mut info = RetryInfo { delay: None };
    each_field(value, |number, field| {
        if number == 1 {
            info.delay = Some(duration(field.bytes()?)?);
        }
        Ok(())
    })?;
    Ok(Some(info))
}

/// A `google.protobuf.Duration`; a negative one reads as zero.
#[cfg(feature = "otlp-grpc")]
#[allow(clippy::cast_possible_wrap)]
fn duration(message: &[u8]) -> Result<Duration, DecodeError> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    each_field(message, |number, field| {
        match number {
            1 => seconds = field.varint()? as i64,
            2 => nanos = field.varint()? as i64,
            _ => {}
        }
        Ok(())
    })?;
    let nanos = u32::try_from(nanos.clamp(0, 999_999_999)).unwrap_or(0);
    Ok(u64::try_from(seconds).map_or(Duration::ZERO, |seconds| Duration::new(seconds, nanos)))
}
