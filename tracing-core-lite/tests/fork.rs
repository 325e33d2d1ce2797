//! A forked child generates its own ids, does not wait, and can start tracing again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, unsafe_code)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::Fanout;
use tracing_core_lite::{Context, FlushError, Tracer, TracerProvider};

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// Runs `work` in a forked child and returns the text that it produced.
fn in_child(path: &Path, work: impl FnOnce() -> String) -> String {
    // SAFETY: the child runs only code that takes no lock of another thread, and exits with `_exit`.
    let child = unsafe { fork() };
    if child == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fs::write(path, work())));
        // SAFETY: ends the child.
        unsafe { _exit(i32::from(!matches!(done, Ok(Ok(()))))) }
    }
    let mut status = 0;
    // SAFETY: waits for the child; `status` is valid.
    assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child failed");
    fs::read_to_string(path).unwrap()
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tracing-core-lite-fork-{}-{name}", std::process::id()))
}

fn ids(tracer: &Tracer) -> String {
    let id = |_| {
        let span = tracer.span("work").with_parent(&Context::new()).start();
        format!("{:x} {:x}\n", span.span_context().trace_id(), span.span_context().span_id())
    };
    (0..100).map(id).collect()
}

/// A single test, because a fork copies the state of other tests' threads.
#[test]
fn a_forked_child_makes_ids_of_its_own_and_can_start_tracing_anew() {
    let memory = MemoryExporter::new();
    let provider = TracerProvider::builder().with_exporter(memory.clone()).build().unwrap();
    let tracer = provider.tracer("test");
    // The generators of this thread are seeded, and its chunk has a span.
    tracer.span("before").with_parent(&Context::new()).start().end();

    let path = file("ids");
    let mut all = in_child(&path, || ids(&tracer));
    all += &in_child(&path, || ids(&tracer));
    all += &in_child(&path, || in_child(&file("grandchild"), || ids(&tracer)));
    all += &ids(&tracer);
    let unique = |column: usize| -> HashSet<&str> {
        all.lines().map(|line| line.split(' ').nth(column).unwrap()).collect()
    };
    assert_eq!((unique(0).len(), unique(1).len()), (400, 400));

    let told = in_child(&path, || {
        let start = Instant::now();
        (0..3).for_each(|_| tracer.span("lost").with_parent(&Context::new()).start().end());
        let flushed = provider.flush(Duration::from_secs(5));
        let shut_down = provider.shutdown(Duration::from_secs(5));
        let lost = provider.stats().dropped_after_fork;
        let is_prompt = start.elapsed() < Duration::from_secs(1);
        format!("{:?} {:?} {lost} {is_prompt}", flushed == Err(FlushError::Lost(3)), shut_down.is_err())
    });
    assert_eq!(told, "true true 3 true");

    let told = in_child(&path, || {
        let memory = MemoryExporter::new();
        let fresh = TracerProvider::builder().with_exporter(memory.clone()).build().unwrap();
        fresh.tracer("test").span("in the child").with_parent(&Context::new()).start().end();
        fresh.shutdown(Duration::from_secs(5)).unwrap();
        memory.finished()[0].span.name.clone()
    });
    assert_eq!(told, "in the child");

    // A daemon reads its settings, forks, and then starts tracing.
    let prepared = MemoryExporter::new();
    let fanout = Fanout::new(vec![Box::new(prepared.clone()), Box::new(MemoryExporter::new())]);
    let told = in_child(&path, move || {
        let daemon = TracerProvider::builder().with_exporter(fanout).build().unwrap();
        daemon.tracer("test").span("in the daemon").with_parent(&Context::new()).start().end();
        daemon.shutdown(Duration::from_secs(5)).unwrap();
        prepared.finished()[0].span.name.clone()
    });
    assert_eq!(told, "in the daemon");
    #[cfg(feature = "disk-queue")]
    {
        use tracing_core_lite::exporters::disk_queue::DiskQueueConfig;

        let directory = tempfile::tempdir().unwrap();
        let prepared = MemoryExporter::new();
        let queue = DiskQueueConfig::new(directory.path()).wrap(prepared.clone());
        let told = in_child(&path, move || {
            let daemon = TracerProvider::builder().with_exporter(queue).build().unwrap();
            daemon.tracer("test").span("by way of the disk").with_parent(&Context::new()).start().end();
            daemon.shutdown(Duration::from_secs(5)).unwrap();
            prepared.finished()[0].span.name.clone()
        });
        assert_eq!(told, "by way of the disk");
    }

    provider.flush(Duration::from_secs(5)).unwrap();
    let names: Vec<_> = memory.finished().into_iter().map(|it| it.span.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "before").count(), 1);
    assert!(!names.contains(&"lost".to_owned()));
    assert_eq!(provider.stats().lost(), 0, "nothing is lost in the parent");
    let _ = (fs::remove_file(path), fs::remove_file(file("grandchild")));
}
