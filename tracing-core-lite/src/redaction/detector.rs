//! What a detector finds.

use std::ops::Range;

/// The kinds of secrets and personal data that are found in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Detector {
    /// The key of the attribute is on the deny list.
    DeniedKey,
    /// A private key in PEM format.
    PrivateKey,
    /// A JSON Web Token.
    Jwt,
    /// Credentials of the HTTP scheme `Bearer`.
    Bearer,
    /// Credentials of the HTTP scheme `Basic`.
    Basic,
    /// A token of a cloud or of another vendor, such as `ghp_…` or `AKIA…`.
    VendorToken,
    /// An e-mail address.
    Email,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// A social security number of the United States, or a taxpayer number of the same form.
    SocialSecurity,
    /// A telephone number.
    Phone,
    /// A user name and password in a URL.
    UrlCredentials,
    /// A value after a name such as `password=`, as in connection strings.
    Assignment,
}

impl Detector {
    /// Returns the name of the detector in statistics, such as `vendor_token`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeniedKey => "denied_key",
            Self::PrivateKey => "private_key",
            Self::Jwt => "jwt",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::VendorToken => "vendor_token",
            Self::Email => "email",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::SocialSecurity => "social_security",
            Self::Phone => "phone",
            Self::UrlCredentials => "url_credentials",
            Self::Assignment => "assignment",
        }
    }
}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) detector: Detector,
    /// The bytes of the secret. They start and end at boundaries of characters.
    pub(crate) range: Range<usize>,
}
