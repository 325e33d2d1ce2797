//! librdkafka's functions that read and change headers by name.
//!
//! rdkafka's own functions panic if the *name* of a header is not UTF-8, and its owned headers cannot remove entries. A
//! message from a peer must not cause a panic, so this module calls librdkafka directly. The pointers are those that
//! rdkafka holds, borrowed as long as the references.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::ptr;

use rdkafka::bindings::{
    rd_kafka_header_get_all, rd_kafka_header_get_last, rd_kafka_header_remove, rd_kafka_headers_t,
    rd_kafka_resp_err_t,
};
use rdkafka::message::{BorrowedHeaders, OwnedHeaders};

/// The maximum length of a name that becomes a C string without an allocation.
const SHORT: usize = 63;

/// Returns the value of the last header with this name, or `None` if there is none or if it is null. Kafka compares
/// names byte by byte.
pub(crate) fn last<'h>(headers: &'h BorrowedHeaders, name: &str) -> Option<&'h [u8]> {
    let mut value: *const c_void = ptr::null();
    let mut size = 0;
    let code = with_c_string(name, |name| {
        // SAFETY: rdkafka creates such a reference from librdkafka's pointer only, and casts it back in the same way. The call
        // reads the list and the name, and writes to the two variables.
        unsafe { rd_kafka_header_get_last(native(headers), name.as_ptr(), &raw mut value, &raw mut size) }
    })?;
    if code != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || value.is_null() {
        return None;
    }
    // SAFETY: the value is `size` bytes that belong to the list, which cannot change while it is borrowed.
    Some(unsafe { std::slice::from_raw_parts(value.cast(), size) })
}

/// Calls `visit` with the name and value of every header. Headers whose name is not UTF-8 are skipped. A null value is empty.
pub(crate) fn visit<'h>(headers: &'h BorrowedHeaders, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
    for index in 0.. {
        let mut name = ptr::null();
        let mut value: *const c_void = ptr::null();
        let mut size = 0;
        // SAFETY: as above; the call reads the list and writes to the three variables. An index beyond the end is an error.
        let code = unsafe {
            rd_kafka_header_get_all(native(headers), index, &raw mut name, &raw mut value, &raw mut size)
        };
        if code != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return;
        }
        // SAFETY: the name is a C string that belongs to the list, which cannot change while it is borrowed.
        let name = unsafe { CStr::from_ptr(name) };
        let value = if value.is_null() {
            &[]
        } else {
            // SAFETY: the value is `size` bytes that belong to the list.
            unsafe { std::slice::from_raw_parts(value.cast(), size) }
        };
        if let Ok(name) = name.to_str() {
            visit(name, value);
        }
    }
}

/// Removes all headers with this name.
pub(crate) fn remove(headers: &mut OwnedHeaders, name: &str) {
    let _absent = with_c_string(name, |name| {
        // SAFETY: as above; the list is borrowed mutably, so there are no references to its values.
        unsafe { rd_kafka_header_remove(native(headers.as_borrowed()).cast_mut(), name.as_ptr()) }
    });
}

fn native(headers: &BorrowedHeaders) -> *const rd_kafka_headers_t {
    ptr::from_ref(headers).cast()
}

/// Calls `then` with `name` as a C string. Returns `None` for a name with a NUL byte, which no header can have.
fn with_c_string<R>(name: &str, then: impl FnOnce(&CStr) -> R) -> Option<R> {
    if name.len() > SHORT {
        return Some(then(&CString::new(name).ok()?));
    }
    let mut bytes = [0; SHORT + 1];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Some(then(CStr::from_bytes_with_nul(&bytes[..=name.len()]).ok()?))
}

#[cfg(test)]
mod tests {
    use rdkafka::message::{Header, Headers};

    use super::*;

    fn headers(of: &[(&str, Option<&str>)]) -> OwnedHeaders {
        of.iter().fold(OwnedHeaders::new(), |headers, &(key, value)| headers.insert(Header { key, value }))
    }

    #[test]
    fn the_last_value_counts() {
        let long = "n".repeat(200);
        let headers =
            headers(&[("a", Some("1")), ("b", Some("")), ("a", Some("2")), ("c", None), (&long, Some("3"))]);
        for (name, expected) in [
            ("a", Some("2")),
            ("A", None),
            ("b", Some("")),
            ("c", None),
            ("d", None),
            ("", None),
            ("a\0", None),
            (&long, Some("3")),
        ] {
            assert_eq!(last(headers.as_borrowed(), name), expected.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn every_header_is_visited_in_order() {
        let headers = headers(&[("a", Some("1")), ("b", None), ("a", Some("")), ("żółw", Some("2"))]);
        let mut visited = Vec::new();
        visit(headers.as_borrowed(), &mut |name, value| visited.push((name, value)));
        assert_eq!(visited, [("a", &b"1"[..]), ("b", b""), ("a", b""), ("żółw", b"2")]);
    }

    #[test]
    fn removing_leaves_the_others_in_order() {
        let mut headers =
            headers(&[("a", Some("1")), ("b", None), ("a", Some("2")), ("b", Some("3")), ("c", None)]);
        remove(&mut headers, "a");
        remove(&mut headers, "absent");
        let left: Vec<_> =
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect();
        assert_eq!(
            left,
            [("b".to_owned(), None), ("b".to_owned(), Some(b"3".to_vec())), ("c".to_owned(), None)]
        );
    }
}
