//! The name of a span: `{method} {target}`.

/// `{method} {target}`, `{method}` without a target, and `HTTP` for a method that is not known (semantic conventions for
/// HTTP spans, section "Name"), in parts.
#[inline]
pub(crate) fn span_name<'a>(method: &'a str, target: Option<&'a str>) -> [&'a str; 3] {
    let method = if method == crate::known_methods::OTHER { "HTTP" } else { method };
    match target {
        Some(target) => [method, " ", target],
        None => [method, "", ""],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (method, target, expected) in [
            ("GET", Some("/orders/{id}"), "GET /orders/{id}"),
            ("GET", None, "GET"),
            ("_OTHER", Some("/"), "HTTP /"),
            ("_OTHER", None, "HTTP"),
        ] {
            assert_eq!(span_name(method, target).concat(), expected);
        }
    }
}
