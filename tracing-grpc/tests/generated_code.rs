//! The code in `tests/support/stock.rs` is generated from its `.proto` file. It is checked in, so that users of the
//! crate need no build script.

#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn generated_code_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let out = std::env::temp_dir().join(format!("tracing-grpc-{}", std::process::id()));
    std::fs::create_dir_all(&out).unwrap();
    let descriptors = protox::compile(["stock.proto"], [&folder]).unwrap();
    tonic_prost_build::configure().out_dir(&out).compile_fds(descriptors).unwrap();
    let generated = std::fs::read_to_string(out.join("shop.v1.rs")).unwrap();
    std::fs::remove_dir_all(&out).unwrap();
    let kept = folder.join("stock.rs");
    if std::env::var_os("REGENERATE").is_some() {
        std::fs::write(&kept, &generated).unwrap();
    }
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(kept == generated, "run this test with REGENERATE=1");
}
