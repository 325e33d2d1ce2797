//! The code in `src/shop/proto` is what `proto/shop.proto` makes. It is kept, so that whoever builds the shop needs neither
//! protoc nor a build script.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without ends it")]

use std::path::Path;

#[test]
fn generated_code_is_current() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let descriptors = protox::compile(["shop.proto"], [package.join("proto")]).unwrap();
    tonic_prost_build::configure().out_dir(out.path()).compile_fds(descriptors).unwrap();
    let generated = std::fs::read_to_string(out.path().join("shop.rs")).unwrap();
    let kept = package.join("src/shop/proto/shop.rs");
    if std::env::var_os("REGENERATE").is_some() {
        std::fs::write(&kept, &generated).unwrap();
    }
    assert!(std::fs::read_to_string(kept).unwrap() == generated, "run this test with REGENERATE=1");
}
