//! The name of a span: `{method} {target}`.

/// Returns the parts of a span's name: `{method} {target}`, `{method}` without a target, with `HTTP` in place of an
/// unknown method (semantic conventions for HTTP spans, section "Name").
#[inline]
pub(crate) fn span_name<'a>(method: &'a str, target: Option<&'a str>) -> [&'a str; 3] {
    let method = if method == super::known_methods::OTHER { "HTTP" } else { method };
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
