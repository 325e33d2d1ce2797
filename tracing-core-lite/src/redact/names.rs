//! The names of query keys and headers that carry secrets.

/// Query keys whose values are secret. The first four are those of the semantic conventions. The others are common names
/// of credentials, such as the code of an OAuth redirect.
pub const SECRET_QUERY_KEYS: &[&str] = &[
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Goog-Credential",
    "access-token",
    "access_key",
    "access_token",
    "accesskey",
    "accesstoken",
    "api-key",
    "api_key",
    "api_token",
    "apikey",
    "assertion",
    "auth",
    "auth_token",
    "authorization",
    "authtoken",
    "bearer",
    "client-secret",
    "client_assertion",
    "client_secret",
    "clientsecret",
    "code",
    "code_verifier",
    "credential",
    "credentials",
    "csrf_token",
    "device_code",
    "id-token",
    "id_token",
    "idtoken",
    "jsessionid",
    "jwt",
    "key",
    "new_password",
    "oauth_signature",
    "oauth_token",
    "oauth_token_secret",
    "oauth_verifier",
    "old_password",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "phpsessid",
    "private-key",
    "private_key",
    "pwd",
    "refresh-token",
    "refresh_token",
    "refreshtoken",
    "reset_token",
    "samlrequest",
    "samlresponse",
    "secret",
    "secret_key",
    "secretkey",
    "session",
    "session-id",
    "session_id",
    "session_token",
    "sessionid",
    "sid",
    "ticket",
    "token",
    "x-api-key",
];

/// Headers, and keys of gRPC metadata, that carry credentials, in lower case.
pub const CREDENTIAL_HEADERS: &[&str] = &[
    "api-key",
    "authentication-info",
    "authorization",
    "cf-access-jwt-assertion",
    "cookie",
    "cookie2",
    "dpop",
    "private-token",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "x-access-token",
    "x-amz-security-token",
    "x-amzn-oidc-data",
    "x-api-key",
    "x-auth-token",
    "x-authorization",
    "x-csrf-token",
    "x-forwarded-authorization",
    "x-goog-api-key",
    "x-goog-iam-authorization-token",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-session-id",
    "x-vault-token",
    "x-xsrf-token",
];

/// Headers that hold URLs, which may be relative, in lower case.
pub const URL_HEADERS: &[&str] = &[
    "content-location",
    "link",
    "location",
    "referer",
    "refresh",
    "source-map",
    "x-forwarded-uri",
    "x-original-uri",
    "x-original-url",
    "x-redirect",
    "x-request-uri",
    "x-rewrite-url",
];

/// Ends of the names of other headers that carry credentials, such as `x-gitlab-token`.
const CREDENTIAL_ENDS: &[&str] =
    &["-api-key", "-apikey", "-authorization", "-cookie", "-jwt", "-password", "-secret", "-token"];

/// Returns whether `name` is one of [`CREDENTIAL_HEADERS`], or ends like the name of a credential, such as `-token`. Case
/// does not matter.
///
/// ```
/// use tracing_core_lite::redact::is_credential_header;
///
/// assert!(is_credential_header("Authorization"));
/// assert!(is_credential_header("x-gitlab-token"));
/// assert!(!is_credential_header("accept"));
/// ```
#[must_use]
pub fn is_credential_header(name: &str) -> bool {
    let ends_with = |end: &&str| {
        name.len()
            .checked_sub(end.len())
            .is_some_and(|at| name.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    CREDENTIAL_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name))
        || CREDENTIAL_ENDS.iter().any(ends_with)
}
