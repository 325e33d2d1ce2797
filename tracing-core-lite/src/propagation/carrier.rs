//! Carriers: the headers of a request or a message.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use super::field_name::to_static;

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

    /// Calls `visit` with the name and value of every header, and returns true. Names may be in any case.
    ///
    /// By default it returns false: the carrier cannot list its headers. Formats that send baggage in headers of its own
    /// names (Jaeger, OT Trace) then find none.
    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        let _ = visit;
        false
    }

    /// Returns whether the last value of a name replaces the others, as in Kafka. Otherwise formats that allow one value
    /// ignore a name with several. `false` by default.
    fn last_wins(&self) -> bool {
        false
    }

    /// Returns the value of `name` if there is exactly one.
    #[doc(hidden)]
    fn single(&self, name: &str) -> Option<&[u8]> {
        let mut count = 0;
        self.for_each(name, &mut |_| count += 1);
        if count == 1 { self.get(name) } else { None }
    }

    /// Like [`single`](Extract::single), for a name whose place in a scan is `index`.
    #[doc(hidden)]
    fn single_at(&self, index: Option<usize>, name: &str) -> Option<&[u8]> {
        let _ = index;
        self.single(name)
    }
}

/// Writes header values to a carrier. Names are in lower case.
pub trait Inject {
    /// Sets `name` to `value`, replacing all its values.
    fn set(&mut self, name: &'static str, value: &str);

    /// Removes all values of `name`.
    fn remove(&mut self, name: &'static str);

    /// Like [`set`](Inject::set), for a name that is only known at run time, such as that of a key of baggage.
    ///
    /// By default it calls `set` with a copy of the name that is never freed. There are at most 64 of these in a process;
    /// headers with further names are not sent.
    fn set_named(&mut self, name: &str, value: &str) {
        if let Some(name) = to_static(name) {
            self.set(name, value);
        }
    }

    /// Removes every header whose name, in lower case, `matches` accepts, and returns true.
    ///
    /// By default it returns false: the carrier cannot list its headers.
    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        let _ = matches;
        false
    }
}

/// Returns whether `matches` accepts `name` in lower case.
fn accepts(matches: &dyn Fn(&str) -> bool, name: &str) -> bool {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        matches(&name.to_ascii_lowercase())
    } else {
        matches(name)
    }
}

impl<S: BuildHasher> Extract for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let value = HashMap::get(self, name)
            .or_else(|| self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        value.map(String::as_bytes)
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        self.iter().for_each(|(name, value)| visit(name, value.as_bytes()));
        true
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

    fn set_named(&mut self, name: &str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        self.retain(|name, _| !accepts(matches, name));
        true
    }
}

impl Extract for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let value = BTreeMap::get(self, name)
            .or_else(|| self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
        value.map(String::as_bytes)
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        self.iter().for_each(|(name, value)| visit(name, value.as_bytes()));
        true
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

    fn set_named(&mut self, name: &str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        self.retain(|name, _| !accepts(matches, name));
        true
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

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        self.iter().for_each(|(name, value)| visit(name.as_ref(), value.as_ref()));
        true
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extract for Vec<(K, V)> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().for_each(name, visit);
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        self.iter().for_each(|(name, value)| visit(name.as_ref(), value.as_ref()));
        true
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

    fn set_named(&mut self, name: &str, value: &str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), V::from(value)));
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        self.retain(|(name, _)| !accepts(matches, name));
        true
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
