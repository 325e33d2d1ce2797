//! The semantic conventions as data: `test-vectors/semconv_registry.json`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use tracing_core_lite::opentelemetry::trace::SpanKind;

#[derive(Debug, Deserialize)]
pub(crate) struct Registry {
    pub(crate) attributes: HashMap<String, Attribute>,
    pub(crate) span_groups: BTreeMap<String, Group>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Attribute {
    /// `string`, `int`, `double`, `boolean`, an array such as `string[]`, or `any`.
    #[serde(rename = "type")]
    pub(crate) value_type: String,
    /// Whether the name is a prefix of the names in use.
    pub(crate) template: bool,
    pub(crate) deprecated: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) value: serde_json::Value,
    pub(crate) deprecated: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    /// The kinds that its spans may have: `client`, `server`, `producer`, `consumer`, `internal`.
    pub(crate) kind: Vec<String>,
    pub(crate) attributes: BTreeMap<String, Requirement>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Requirement {
    pub(crate) level: Level,
    pub(crate) condition: Option<String>,
    /// The only value that spans of the group may have.
    pub(crate) fixed: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Required,
    ConditionallyRequired,
    Recommended,
    OptIn,
}

impl Registry {
    pub(crate) fn load() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/semconv_registry.json");
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Returns the attribute with the name `key`, or the template that `key` belongs to.
    pub(crate) fn attribute(&self, key: &str) -> Option<&Attribute> {
        let templates = || {
            let dots = key.match_indices('.').map(|(dot, _)| &key[..dot]);
            dots.filter_map(|name| self.attributes.get(name)).find(|attribute| attribute.template)
        };
        self.attributes.get(key).filter(|attribute| !attribute.template).or_else(templates)
    }
}

pub(crate) fn kind_name(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Client => "client",
        SpanKind::Server => "server",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Internal => "internal",
    }
}
