//! `http::HeaderMap` as a carrier.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::{Extract, Inject};

/// Created once, because parsing a name costs more than the lookup itself.
static KNOWN: [HeaderName; 3] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
];

fn known(name: &str) -> Option<&'static HeaderName> {
    match name {
        "traceparent" => Some(&KNOWN[0]),
        "tracestate" => Some(&KNOWN[1]),
        "baggage" => Some(&KNOWN[2]),
        _ => None,
    }
}

impl Extract for HeaderMap {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let value = match known(name) {
            Some(name) => HeaderMap::get(self, name),
            None => HeaderMap::get(self, name),
        };
        value.map(HeaderValue::as_bytes)
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let values = match known(name) {
            Some(name) => self.get_all(name),
            None => self.get_all(name),
        };
        values.iter().for_each(|value| visit(value.as_bytes()));
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        self.iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
        true
    }
}

/// Names and values that HTTP does not allow are left out.
impl Inject for HeaderMap {
    fn set(&mut self, name: &'static str, value: &str) {
        let Ok(value) = HeaderValue::from_str(value) else { return Inject::remove(self, name) };
        // `try_insert` does not panic if the map is full (32768 names).
        let _full = match known(name) {
            Some(name) => self.try_insert(name, value).is_err(),
            None => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => self.try_insert(name, value).is_err(),
                Err(_) => true,
            },
        };
    }

    fn remove(&mut self, name: &'static str) {
        match known(name) {
            Some(name) => HeaderMap::remove(self, name),
            None => HeaderMap::remove(self, name),
        };
    }

    fn set_named(&mut self, name: &str, value: &str) {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { return };
        let Ok(value) = HeaderValue::from_str(value) else {
            HeaderMap::remove(self, name);
            return;
        };
        let _full = self.try_insert(name, value).is_err();
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        let found: Vec<HeaderName> = self.keys().filter(|name| matches(name.as_str())).cloned().collect();
        for name in found {
            HeaderMap::remove(self, name);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_other_names() {
        let mut map = HeaderMap::new();
        for name in ["traceparent", "tracestate", "baggage", "x-other"] {
            map.append(name, HeaderValue::from_static("stale"));
            map.append(name, HeaderValue::from_bytes(b"\xff").unwrap());
            let mut seen = Vec::new();
            map.for_each(name, &mut |value| seen.push(value.to_vec()));
            assert_eq!(seen, [b"stale".to_vec(), b"\xff".to_vec()]);

            Inject::set(&mut map, name, "new");
            assert_eq!(map.get_all(name).iter().collect::<Vec<_>>(), ["new"]);
            assert_eq!(Extract::get(&map, name), Some(&b"new"[..]));
            Inject::remove(&mut map, name);
            assert_eq!(Extract::get(&map, name), None);
        }
    }

    #[test]
    fn headers_that_http_does_not_allow_are_left_out() {
        let mut map = HeaderMap::new();
        map.append("baggage", HeaderValue::from_static("stale"));
        map.set("baggage", "a=b\r\nx: y");
        map.set("not a name", "value");
        map.set("", "value");
        assert!(map.is_empty());
        assert_eq!(Extract::get(&map, "not a name"), None);
        Inject::remove(&mut map, "not a name");
    }
}
