//! Errors in rules.

/// An error in a list of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A rule reads a header that is not allowed.
    #[error(
        "rule {rule:?} reads the header {header:?}, which is not allowed: allow it with `with_allowed_header`"
    )]
    HeaderNotAllowed {
        /// The name of the rule.
        rule: String,
        /// The name of the header.
        header: String,
    },
    /// A header that carries credentials is allowed.
    #[error("the header {header:?} carries credentials and cannot be allowed: choose another one")]
    CredentialHeader {
        /// The name of the header.
        header: String,
    },
    /// The secret of a force rule is too short.
    #[error("the secret of the force rule on {key:?} has {len} bytes: it must have at least 16")]
    ShortSecret {
        /// The header or baggage key.
        key: String,
        /// The length of the secret, in bytes.
        len: usize,
    },
    /// A force rule trusts no one.
    #[error("the force rule on {key:?} trusts no peer: name at least one network")]
    NoPeers {
        /// The header or baggage key.
        key: String,
    },
}
