//! Keeps the user's credentials out of messages that receivers send.

use super::endpoint::Url;
use super::headers::Headers;

/// The minimum length of a hidden value. Hiding every `1` would make messages unreadable.
const SHORTEST: usize = 4;
/// The maximum length of a message, in characters.
const MAX_CHARS: usize = 300;

pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn of(headers: &Headers, url: &Url) -> Self {
        let mut all = Vec::new();
        for (_, value) in headers.iter() {
            all.push(value.to_owned());
            // The token after "Bearer" or "Basic".
            all.extend(value.split_once(' ').map(|(_, token)| token.to_owned()));
        }
        all.extend(url.authorization());
        all.extend(url.secrets().map(str::to_owned));
        all.retain(|secret| secret.len() >= SHORTEST);
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// Removes secrets and control characters from `text`, and shortens it.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "[redacted]");
            }
        }
        let mut shown: String =
            text.chars().take(MAX_CHARS).map(|it| if it.is_control() { ' ' } else { it }).collect();
        if text.chars().nth(MAX_CHARS).is_some() {
            shown.push('…');
        }
        shown
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}
