//! The inputs of adaptive sampling read what they are told to, and fail with a reason.
#![cfg(all(feature = "http", feature = "system"))]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing_core_lite::Resource;
use tracing_sampling::adaptive::inputs::{
    DiskUsage, FirstSeenFile, HttpFigure, Input, ProcessCpu, RequestCounts, RequestSource, Requests,
};

/// Answers one request, and returns the URL.
fn answer(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("http://{}/storage", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let _read = stream.read(&mut request).expect("a request");
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .expect("a response");
    });
    url
}

#[test]
fn a_figure_of_an_endpoint() {
    let prometheus = r#"{"data":{"result":[{"value":[1700000000,"87"]}]}}"#;
    for (status, body, pointer, factor, expected) in [
        ("200 OK", "0.87\n", "", 1.0, Some(0.87)),
        ("200 OK", prometheus, "/data/result/0/value/1", 0.01, Some(0.87)),
        ("200 OK", r#"{"used":0.5}"#, "/used", 1.0, Some(0.5)),
        ("200 OK", r#"{"used":0.5}"#, "/free", 1.0, None),
        ("200 OK", "NaN", "", 1.0, None),
        ("200 OK", "much", "", 1.0, None),
        ("200 OK", "", "", 1.0, None),
        ("503 Service Unavailable", "0.87", "", 1.0, None),
    ] {
        let mut input = HttpFigure::new(answer(status, body)).with_pointer(pointer).with_factor(factor);
        assert_eq!(input.read().ok(), expected, "{status} {body}");
    }
    let closed = HttpFigure::new("http://127.0.0.1:9/").read().expect_err("nobody listens");
    assert!(closed.reason.contains("http://127.0.0.1:9/"), "{closed}");
}

#[test]
fn the_first_time_of_a_version_outlives_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("versions.json");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    std::fs::write(&path, format!(r#"{{"orders":{{"1.0.0":{}}}}}"#, now - 7200)).expect("written");
    let read = |version: &str| FirstSeenFile::new(&path, "orders", version).read().expect("a file");
    assert!((7200.0..7260.0).contains(&read("1.0.0")));
    assert!(read("1.1.0") < 60.0, "a new version");
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains("1.0.0") && text.contains("1.1.0"), "{text}");
    // Another process overwrites the file.
    let mut input = FirstSeenFile::new(&path, "orders", "1.2.0");
    input.read().expect("a file");
    std::fs::remove_file(&path).expect("removed");
    assert!(input.read().expect("a new file") < 60.0);

    std::fs::write(&path, "not JSON").expect("written");
    let invalid = FirstSeenFile::new(&path, "orders", "1.0.0").read().expect_err("invalid");
    assert!(invalid.reason.contains("versions.json"), "{invalid}");
    let resource = Resource::builder().with_service_name("orders").build();
    let unnamed = FirstSeenFile::of_resource(&path, &resource).read().expect_err("no version");
    assert_eq!(unnamed.reason, "service.version is not set");
}

#[test]
fn the_operating_system() {
    let mut cpu = ProcessCpu::default();
    assert!(cpu.read().is_err(), "the first reading has nothing to compare with");
    // The crate measures over at least 200 ms.
    std::thread::sleep(Duration::from_millis(250));
    let used = cpu.read().expect("this process");
    assert!((0.0..=64.0).contains(&used), "{used}");
    let disk = DiskUsage::of(".").read();
    assert!(disk.as_ref().map_or(true, |used| (0.0..=1.0).contains(used)), "{disk:?}");
    assert!(DiskUsage::of("relative/path/that/does/not/exist").read().is_ok() || disk.is_err());
}

#[test]
fn requests_of_all_threads() {
    let counts = RequestCounts::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|index| counts.record(index % 10 == 0)));
        }
    });
    assert_eq!(counts.clone().requests(), Ok(Requests::new(4000.0, 400.0)));
}
