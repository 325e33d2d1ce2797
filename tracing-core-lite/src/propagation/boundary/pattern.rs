//! Patterns of names and hosts.

/// A name in which one `*` stands for any text. ASCII case is ignored.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    start: String,
    /// `None` without a star.
    end: Option<String>,
}

/// A pattern of a host, with or without a port.
#[derive(Debug, Clone)]
pub(super) struct HostPattern {
    host: Pattern,
    port: Option<u16>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        match text.split_once('*') {
            Some((start, end)) => Self { start: start.to_owned(), end: Some(end.to_owned()) },
            None => Self { start: text, end: None },
        }
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let (name, start) = (name.as_bytes(), self.start.as_bytes());
        let Some(end) = self.end.as_deref().map(str::as_bytes) else {
            return name.eq_ignore_ascii_case(start);
        };
        name.len() >= start.len() + end.len()
            && name[..start.len()].eq_ignore_ascii_case(start)
            && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
    }
}

impl HostPattern {
    pub(super) fn new(text: &str) -> Self {
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address without brackets separate no port.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (text, None),
            },
            _ => (text, None),
        };
        Self { host: Pattern::new(normal(host)), port }
    }

    pub(super) fn matches(&self, host: &str, port: Option<u16>) -> bool {
        self.port.is_none_or(|wanted| port == Some(wanted)) && self.host.matches(normal(host))
    }
}

/// Returns a host without the brackets of IPv6 and without the dot that ends an absolute name.
fn normal(host: &str) -> &str {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("orders", "orders", true),
            ("orders", "ORDERS", true),
            ("orders", "orders2", false),
            ("orders.*", "orders.created", true),
            ("orders.*", "orders", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*.é", "x.é", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn hosts() {
        for (pattern, host, port, expected) in [
            ("shop.example", "shop.example", Some(80), true),
            ("shop.example", "Shop.Example.", None, true),
            ("shop.example", "evilshop.example", None, false),
            ("shop.example", "shop.example.evil", None, false),
            ("*.shop.example", "a.shop.example", None, true),
            ("*.shop.example", "shop.example", None, false),
            ("*.shop.example", "evilshop.example", None, false),
            ("shop.example:443", "shop.example", Some(443), true),
            ("shop.example:443", "shop.example", Some(80), false),
            ("shop.example:443", "shop.example", None, false),
            ("[::1]:80", "::1", Some(80), true),
            ("::1", "[::1]", Some(80), true),
            ("10.0.0.*", "10.0.0.7", None, true),
        ] {
            assert_eq!(HostPattern::new(pattern).matches(host, port), expected, "{pattern} {host} {port:?}");
        }
    }
}
