//! Request methods that are recorded under their own names.

use std::sync::{Arc, OnceLock};

use http::Method;

/// The value of `http.request.method` for unknown methods.
pub(crate) const OTHER: &str = "_OTHER";

/// Longest value of `http.request.method_original`, in bytes.
const LONGEST_ORIGINAL: usize = 64;

/// The methods of RFC 9110, PATCH and QUERY, or a list that replaces them.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownMethods(Option<Arc<[String]>>);

impl KnownMethods {
    /// Returns the methods in `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, a comma-separated, case-sensitive list; the
    /// default ones if it is unset. The environment is read once.
    pub(crate) fn from_env() -> Self {
        static FROM_ENV: OnceLock<KnownMethods> = OnceLock::new();
        let read = || {
            std::env::var("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS")
                .map(|list| Self::from_list(&list))
                .unwrap_or_default()
        };
        FROM_ENV.get_or_init(read).clone()
    }

    fn from_list(list: &str) -> Self {
        let methods = list.split(',').map(str::trim).filter(|method| !method.is_empty());
        Self::only(methods.map(str::to_owned))
    }

    /// Creates a list of these methods, or the default list if there are none.
    pub(crate) fn only(methods: impl IntoIterator<Item = String>) -> Self {
        let methods: Arc<[String]> = methods.into_iter().collect();
        Self(Some(methods).filter(|methods| !methods.is_empty()))
    }

    /// Returns the value of `http.request.method`.
    #[inline]
    pub(crate) fn fold<'a>(&self, method: &'a Method) -> &'a str {
        let name = method.as_str();
        let known = match &self.0 {
            None => number(method).is_some(),
            Some(methods) => methods.iter().any(|known| known == name),
        };
        if known { name } else { OTHER }
    }
}

/// Returns the value of `http.request.method_original` for an unknown method.
pub(crate) fn original(method: &Method) -> &str {
    let name = method.as_str();
    // A method is an ASCII token, so it can be cut anywhere.
    name.get(..LONGEST_ORIGINAL).unwrap_or(name)
}

/// Returns a number for each of the default methods, and `None` for others.
#[inline]
pub(crate) fn number(method: &Method) -> Option<u64> {
    Some(match *method {
        Method::GET => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::DELETE => 4,
        Method::HEAD => 5,
        Method::OPTIONS => 6,
        Method::PATCH => 7,
        Method::CONNECT => 8,
        Method::TRACE => 9,
        Method::QUERY => 10,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(name: &str) -> Method {
        Method::from_bytes(name.as_bytes()).unwrap()
    }

    #[test]
    fn folding() {
        for (list, name, expected) in [
            ("", "GET", "GET"),
            ("", "QUERY", "QUERY"),
            ("", "get", OTHER),
            ("", "PURGE", OTHER),
            (" , ", "GET", "GET"),
            ("PURGE, LINK", "PURGE", "PURGE"),
            ("PURGE, LINK", "GET", OTHER),
        ] {
            assert_eq!(KnownMethods::from_list(list).fold(&method(name)), expected, "{list:?} {name}");
        }
    }

    #[test]
    fn originals_are_bounded() {
        assert_eq!(original(&method("PURGE")), "PURGE");
        assert_eq!(original(&method(&"X".repeat(1000))).len(), LONGEST_ORIGINAL);
    }
}
