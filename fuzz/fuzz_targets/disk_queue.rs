//! Segments of the disk queue with records, rubbish and damage: every undamaged record is found, in order.

#![no_main]

use std::io::Write;

use fuzz::Input;
use libfuzzer_sys::fuzz_target;
use tracing_core_lite::layer_support::fuzzing::disk_queue;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let damage = input.byte();
    let mut segment = disk_queue::file_header();
    let (mut bodies, mut is_clean) = (Vec::new(), damage % 4 == 0);
    while !input.is_empty() {
        let kind = input.byte();
        let bytes = input.bytes();
        if kind % 4 == 0 {
            segment.extend_from_slice(bytes);
            // Rubbish may hold a record.
            is_clean &= !bytes.windows(4).any(|window| window == b"SPAN");
        } else {
            segment.extend(disk_queue::record(bytes, kind.into(), bodies.len() as u64, kind % 2 == 0));
            bodies.push(bytes.to_vec());
        }
    }
    match damage % 4 {
        1 => segment.truncate(usize::from(damage) * segment.len() / 256),
        // Behind the header: another version there means that the file is left alone.
        2 if !bodies.is_empty() => {
            let header = disk_queue::file_header().len();
            let at = header + usize::from(damage) * (segment.len() - header) / 256;
            segment[at] ^= 1 << (damage % 7);
        }
        // Bytes without any structure.
        3 => segment = data.to_vec(),
        _ => {}
    }
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").or_else(|_| tempfile::NamedTempFile::new()).expect("a file");
    file.write_all(&segment).expect("there is room");
    let read = disk_queue::read_segment(file.path()).expect("it can be read");
    if is_clean {
        assert_eq!(read, bodies);
    } else if damage % 4 == 2 {
        // A flipped bit costs one record at most.
        assert!(read.len() + 1 >= bodies.len() || segment.windows(4).filter(|it| it == b"SPAN").count() > bodies.len());
    }
    let acks = disk_queue::acks(data);
    assert!(acks.len() <= data.len() / 12);
});
