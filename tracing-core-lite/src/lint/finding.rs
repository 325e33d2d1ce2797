//! The findings of the lint.

use std::fmt;

use crate::naming::NameProblem;

/// A problem of a span's name or of one of its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintFinding {
    /// The name of the span.
    pub span: String,
    /// The key of the attribute; `None` for a problem of the name.
    pub key: Option<String>,
    /// The problem.
    pub problem: LintProblem,
}

/// The problem of a name or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LintProblem {
    /// The name of the span.
    Name(NameProblem),
    /// The attribute is deprecated.
    Deprecated {
        /// The attribute that replaces it, if there is one.
        renamed_to: Option<&'static str>,
    },
    /// The value has another type than the conventions say.
    WrongType {
        /// The type of the conventions, such as `int`.
        expected: &'static str,
    },
    /// The conventions reserve the namespace of the key, and do not define the key.
    UnknownInNamespace {
        /// The namespace, such as `http`.
        namespace: String,
    },
    /// The value is large.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// Another attribute of the span or of its resource has the same meaning and value.
    Duplicate {
        /// The key of the other attribute.
        of: String,
    },
}

impl LintProblem {
    /// Returns a name without the values.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Deprecated { .. } => "deprecated",
            Self::WrongType { .. } => "wrong type",
            Self::UnknownInNamespace { .. } => "unknown",
            Self::TooLarge { .. } => "too large",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "span `{}`", self.span)?;
        if let Some(key) = &self.key {
            write!(f, ", attribute `{key}`")?;
        }
        f.write_str(": ")?;
        match &self.problem {
            LintProblem::Name(problem) => f.write_str(problem.advice()),
            LintProblem::Deprecated { renamed_to: Some(new) } => write!(f, "deprecated; use `{new}`"),
            LintProblem::Deprecated { renamed_to: None } => f.write_str("deprecated without a replacement"),
            LintProblem::WrongType { expected } => write!(f, "the conventions define it as {expected}"),
            LintProblem::UnknownInNamespace { namespace } => {
                write!(
                    f,
                    "not defined by the conventions, which reserve `{namespace}.`; use a namespace of your own"
                )
            }
            LintProblem::TooLarge { bytes } => {
                write!(f, "{bytes} bytes; large data belongs in logs or events")
            }
            LintProblem::Duplicate { of } => write!(f, "repeats `{of}`"),
        }
    }
}
