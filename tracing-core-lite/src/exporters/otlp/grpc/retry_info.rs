//! Reads the time after which an exhausted receiver allows the next attempt.

use std::time::Duration;

use crate::wire::{Malformed, each_field};

/// Returns the `google.rpc.RetryInfo` in the details of a `google.rpc.Status`, if there is one.
pub(super) fn retry_info(status: &[u8]) -> Option<RetryInfo> {
    let mut found = None;
    each_field(status, |number, field| {
        if number == 3
            && let Some(info) = retry_info_in_any(field.bytes()?)?
        {
            found = Some(info);
        }
        Ok(())
    })
    .ok()?;
    found
}

/// Permission to send the same request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryInfo {
    /// How long to wait before the next attempt.
    pub(super) delay: Option<Duration>,
}

fn retry_info_in_any(any: &[u8]) -> Result<Option<RetryInfo>, Malformed> {
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

/// Reads a `google.protobuf.Duration`. Negative ones count as zero.
#[allow(clippy::cast_possible_wrap)]
fn duration(message: &[u8]) -> Result<Duration, Malformed> {
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
