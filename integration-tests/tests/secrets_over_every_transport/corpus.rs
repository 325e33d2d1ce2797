//! The corpus of secrets, by the preset that catches them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tracing_core_lite::redaction::{Detector, Redaction};

/// A secret, and the text and key under which it is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) secret: String,
    /// Whether the key alone makes it a secret.
    pub(crate) is_denied_key: bool,
}

impl Secret {
    fn read(line: &str) -> (String, Self) {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| entry[field].as_str().unwrap().to_owned();
        let secret = Self {
            id: entry["id"].as_u64().unwrap(),
            key: text("key"),
            text: text("value"),
            secret: text("secret"),
            is_denied_key: entry["kind"] == "denied_key",
        };
        (text("caught_by"), secret)
    }

    /// Returns the text for a place where nothing but the text could tell that it is a secret.
    pub(crate) fn anywhere(&self) -> &str {
        if self.is_denied_key { "nothing" } else { &self.text }
    }

    /// Returns that text, percent-encoded.
    pub(crate) fn encoded(&self) -> String {
        utf8_percent_encode(self.anywhere(), NON_ALPHANUMERIC).to_string()
    }

    /// Returns the ways in which the secret may be written in exported bytes.
    pub(crate) fn spellings(&self) -> [String; 3] {
        let json = serde_json::to_string(&self.secret).unwrap();
        let encoded = utf8_percent_encode(&self.secret, NON_ALPHANUMERIC).to_string();
        [self.secret.clone(), encoded, json[1..json.len() - 1].to_owned()]
    }
}

/// Returns each preset with the secrets that it catches.
pub(crate) fn presets() -> [(Redaction, Vec<Secret>); 3] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/redaction/secrets.jsonl");
    let corpus: Vec<_> = std::fs::read_to_string(path).unwrap().lines().map(Secret::read).collect();
    let caught_by = |preset: &str| -> Vec<Secret> {
        corpus.iter().filter(|(by, _)| by == preset).map(|(_, secret)| secret.clone()).collect()
    };
    [
        (Redaction::new(), caught_by("default")),
        (Redaction::pii(), caught_by("pii")),
        (Redaction::pii().with_detector(Detector::Phone), caught_by("phone")),
    ]
}
