//! An attribute of the semantic conventions.

use crate::span::data::AnyValue;

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    Double,
    Bool,
    Texts,
    Ints,
    Any,
}

impl Type {
    /// Returns the name that the conventions use.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Double => "double",
            Self::Bool => "boolean",
            Self::Texts => "string[]",
            Self::Ints => "int[]",
            Self::Any => "any",
        }
    }

    pub(super) fn accepts(self, value: &AnyValue) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Text, AnyValue::String(_))
            | (Self::Int, AnyValue::Int(_))
            | (Self::Double, AnyValue::Double(_))
            | (Self::Bool, AnyValue::Bool(_)) => true,
            (Self::Texts, AnyValue::Array(values)) => {
                values.iter().all(|value| matches!(value, AnyValue::String(_)))
            }
            (Self::Ints, AnyValue::Array(values)) => {
                values.iter().all(|value| matches!(value, AnyValue::Int(_)))
            }
            _ => false,
        }
    }
}

/// An attribute of the registry.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) key: &'static str,
    pub(super) value: Type,
    /// Whether the key is followed by a name, as in `http.request.header.<name>`.
    pub(super) template: bool,
    pub(super) deprecated: Option<Deprecated>,
}

/// How an attribute was deprecated.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deprecated {
    RenamedTo(&'static str),
    Obsolete,
}
