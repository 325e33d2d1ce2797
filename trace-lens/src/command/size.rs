//! Sizes on the command line.

use super::answer::Failure;

/// Bytes of `10KB`, in powers of ten, or of `10KiB`.
pub(crate) fn size(text: &str) -> Result<f64, Failure> {
    let wrong = || Failure::unusable(format!("{text:?} is no size; write `10KB`"));
    let at = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let number: f64 = text[..at].parse().map_err(|_| wrong())?;
    let factor = match text[at..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "kib" => 1_024.0,
        "mib" => 1_048_576.0,
        _ => return Err(wrong()),
    };
    Ok(number * factor)
}
