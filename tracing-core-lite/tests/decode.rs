//! The OTLP protobuf decoder agrees with opentelemetry-proto and handles arbitrary input.
#![allow(clippy::unwrap_used)]

mod requests;

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use tracing_core_lite::span::data::decode_request;

proptest! {
    #[test]
    fn agrees_with_opentelemetry_proto(request in requests::any_request()) {
        prop_assert_eq!(decode_request(&request.encode_to_vec()), Ok(requests::expected(&request)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode_request(&bytes);
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(
        request in requests::any_request(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = request.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = decode_request(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = decode_request(&bytes);
    }

    #[test]
    fn unknown_fields_are_skipped(number in 100u32..1_000_000, request in requests::any_request()) {
        let mut bytes = request.encode_to_vec();
        let tag = |wire_type: u32| u64::from(number << 3 | wire_type);
        for (wire_type, payload) in [(0, &[0x96, 0x01][..]), (1, &[1; 8]), (2, &[2, 1, 1]), (5, &[1; 4]), (3, &[8, 1])] {
            prost::encoding::encode_varint(tag(wire_type), &mut bytes);
            bytes.extend_from_slice(payload);
        }
        prost::encoding::encode_varint(tag(4), &mut bytes);
        prop_assert_eq!(decode_request(&bytes), Ok(requests::expected(&request)));
    }
}

#[test]
fn every_truncation_of_a_nested_message_is_an_error() {
    let bytes = requests::request(1).encode_to_vec();
    assert!(decode_request(&bytes).is_ok());
    assert!(decode_request(&[]).is_ok());
    for length in 1..bytes.len() {
        assert!(decode_request(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
}

/// A message with one length-delimited field.
fn wrap(tag: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
    bytes.extend_from_slice(inner);
    bytes
}

/// A request whose only attribute is an array in an array in an array …
fn nested(depth: usize) -> Vec<u8> {
    let mut value = vec![0x10, 1];
    for _ in 0..depth {
        value = wrap(0x2a, &wrap(0x0a, &value));
    }
    wrap(0x0a, &wrap(0x0a, &wrap(0x0a, &wrap(0x12, &value))))
}

#[test]
fn nesting_is_bounded() {
    assert!(decode_request(&nested(32)).is_ok());
    assert!(decode_request(&nested(33)).is_err());
    assert!(decode_request(&nested(3_000)).is_err());
}

#[test]
fn groups_are_bounded_too() {
    let mut bytes = vec![0x7b; 100_000];
    assert!(decode_request(&bytes).is_err());
    bytes = [[0x7b; 20], [0x7c; 20]].concat();
    assert_eq!(decode_request(&bytes), Ok(vec![]));
    assert!(decode_request(&[0x7c]).is_err());
    assert!(decode_request(&[0x7b, 0x74]).is_err());
}

#[test]
fn malformed_input_is_refused() {
    let span = |field: &[u8]| wrap(0x0a, &wrap(0x12, &wrap(0x12, field)));
    let cases: [(&str, Vec<u8>); 7] = [
        ("trace id of 15 bytes", span(&wrap(0x0a, &[1; 15]))),
        ("span id of 9 bytes", span(&wrap(0x12, &[1; 9]))),
        ("name that is not UTF-8", span(&wrap(0x2a, &[0xff]))),
        ("name as a number", span(&[0x28, 1])),
        ("field number 0", vec![0x00, 0x01]),
        ("varint of 11 bytes", [vec![0x78], vec![0xff; 10], vec![1]].concat()),
        ("length beyond the end", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ];
    for (name, bytes) in cases {
        assert!(decode_request(&bytes).is_err(), "{name}");
    }
}
