//! What replaces a secret.

use std::borrow::Cow;
use std::fmt;
#[cfg(feature = "redaction")]
use std::sync::Arc;

use crate::redact::REDACTED;

/// How a secret is replaced.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Action {
    /// Replaces the secret with `REDACTED`. This is the default.
    #[default]
    Mask,
    /// Removes the attribute, also if only an element or entry of its value is secret. In names and messages, the secret is
    /// masked instead.
    Drop,
    /// Replaces all but the last four characters with `*`. Secrets of fewer than twelve characters are masked, because four
    /// characters would be too large a part of them.
    KeepLastFour,
    /// Replaces the secret with a keyed hash. Equal secrets have equal hashes, so spans can still be joined by the value. See
    /// [`Action::hash`].
    #[cfg(feature = "redaction")]
    Hash(HashKey),
}

impl Action {
    /// Returns an action that replaces secrets with the first 16 hexadecimal digits of their HMAC-SHA256.
    ///
    /// The key should have at least 32 random bytes, and be the same in all services whose spans are joined. If the key is weak
    /// or known, short secrets such as telephone numbers can be guessed.
    #[cfg(feature = "redaction")]
    #[must_use]
    pub fn hash(key: impl AsRef<[u8]>) -> Self {
        Self::Hash(HashKey(Arc::from(key.as_ref())))
    }

    /// Returns the replacement of `secret`.
    pub(super) fn replace(&self, secret: &str) -> Cow<'static, str> {
        match self {
            Self::Mask | Self::Drop => Cow::Borrowed(REDACTED),
            Self::KeepLastFour => {
                let count = secret.chars().count();
                if count < 12 {
                    return Cow::Borrowed(REDACTED);
                }
                Cow::Owned(
                    secret
                        .chars()
                        .enumerate()
                        .map(|(at, symbol)| if at + 4 < count { '*' } else { symbol })
                        .collect(),
                )
            }
            #[cfg(feature = "redaction")]
            Self::Hash(key) => Cow::Owned(key.digest(secret)),
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mask => "Mask",
            Self::Drop => "Drop",
            Self::KeepLastFour => "KeepLastFour",
            #[cfg(feature = "redaction")]
            Self::Hash(_) => "Hash",
        })
    }
}

/// The key of [`Action::Hash`]. Its `Debug` output does not show it.
#[cfg(feature = "redaction")]
#[derive(Clone)]
pub struct HashKey(Arc<[u8]>);

#[cfg(feature = "redaction")]
impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}

#[cfg(feature = "redaction")]
impl HashKey {
    fn digest(&self, secret: &str) -> String {
        use hmac::{Hmac, KeyInit, Mac};

        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.0) else { return REDACTED.to_owned() };
        mac.update(secret.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().take(8).fold(String::with_capacity(16), |mut text, byte| {
            use fmt::Write;
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
