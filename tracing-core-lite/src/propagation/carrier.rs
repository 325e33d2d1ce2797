//! Carriers: the headers of a request or a message.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// Reads header values from a carrier.
///
/// Values are bytes, because those of HTTP, AMQP and Kafka need not be UTF-8. Names are passed in lower case. A carrier
/// whose names may have upper-case letters must ignore ASCII case, as W3C Trace Context requires.
pub trait Extract {
    /// Returns the first value of `name`.
    fn get(&self, name: &str) -> Option<&[u8]>;

    /// Calls `visit` with each value of `name`, in the order in which they were sent.
    ///
    /// By default it calls `visit` with the result of [`get`](Extract::get), which suits carriers with one value per
    /// name.
    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Some(value) = self.get(name) {
            visit(value);
        }
    }
}

/// Writes header values to a carrier. Names are in lower case.
pub trait Inject {
    /// Sets `name` to `value`, replacing all its values.
    fn set(&mut self, name: &'static str, value: &str);

    /// Removes all values of `name`.
    fn remove(&mut self, name: &'static str);
}

impl<S: BuildHasher> Extract for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let value = HashMap::get(self, name)
            .or_else(|| self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        value.map(String::as_bytes)
    }
}

impl<S: BuildHasher> Inject for HashMap<String, String, S> {
    fn set(&mut self, name: &'static str, value: &str) {
        Inject::remove(self, name);
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}

impl Extract for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let value = BTreeMap::get(self, name)
            .or_else(|| self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        value.map(String::as_bytes)
    }
}

impl Inject for BTreeMap<String, String> {
    fn set(&mut self, name: &'static str, value: &str) {
        Inject::remove(self, name);
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extract for &[(K, V)] {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.iter()
            .filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name))
            .for_each(|(_, value)| visit(value.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extract for Vec<(K, V)> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().for_each(name, visit);
    }
}

/// Implements the traits for `Vec<(String, String)>` and `Vec<(String, Vec<u8>)>`.
impl<V: for<'a> From<&'a str>> Inject for Vec<(String, V)> {
    fn set(&mut self, name: &'static str, value: &str) {
        Inject::remove(self, name);
        self.push((name.to_owned(), V::from(value)));
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(carrier: &dyn Extract, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        carrier.for_each(name, &mut |value| values.push(String::from_utf8_lossy(value).into_owned()));
        values
    }

    #[test]
    fn a_list_gives_every_value_in_order() {
        let carrier = vec![("a", "1"), ("B", "2"), ("b", "3")];
        assert_eq!(values(&carrier, "b"), ["2", "3"]);
        assert_eq!(values(&carrier.as_slice(), "b"), ["2", "3"]);
        assert_eq!(carrier.get("b"), Some(&b"2"[..]));
        assert_eq!(values(&carrier, "c"), [""; 0]);
    }

    #[test]
    fn set_replaces_every_spelling() {
        let mut list =
            vec![("Baggage".to_owned(), b"old".to_vec()), ("baggage".to_owned(), b"older".to_vec())];
        list.set("baggage", "new");
        assert_eq!(list, [("baggage".to_owned(), b"new".to_vec())]);

        let mut map = HashMap::from([("BAGGAGE".to_owned(), "old".to_owned())]);
        assert_eq!(Extract::get(&map, "baggage"), Some(&b"old"[..]));
        map.set("baggage", "new");
        assert_eq!(map, HashMap::from([("baggage".to_owned(), "new".to_owned())]));
        Inject::remove(&mut map, "baggage");
        assert!(map.is_empty());

        let mut tree = BTreeMap::from([("BAGGAGE".to_owned(), "old".to_owned())]);
        assert_eq!(Extract::get(&tree, "baggage"), Some(&b"old"[..]));
        tree.set("baggage", "new");
        assert_eq!(tree, BTreeMap::from([("baggage".to_owned(), "new".to_owned())]));
    }
}
