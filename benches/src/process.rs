//! Threads and processes: pins them to a CPU, and reads their CPU time and memory from the kernel.

use std::path::Path;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Pins this thread, and the threads that it starts later, to a CPU. Has no effect on a machine with one CPU.
pub fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    let _ = sched_setaffinity(None, &set);
}

fn clock(id: ClockId) -> Duration {
    let time = clock_gettime(id);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

pub fn cpu_of_this_thread() -> Duration {
    clock(ClockId::ThreadCPUTime)
}

/// User and system time of all threads, including those that have ended.
pub fn cpu_of_this_process() -> Duration {
    clock(ClockId::ProcessCPUTime)
}

/// CPU time of the running threads of a process.
pub fn cpu_of(process: u32) -> Duration {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Duration::ZERO };
    Duration::from_nanos(tasks.flatten().map(|task| on_cpu(&task.path().join("schedstat"))).sum())
}

/// The first field of schedstat: nanoseconds on a CPU.
fn on_cpu(schedstat: &Path) -> u64 {
    let text = std::fs::read_to_string(schedstat).unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// Resident memory in bytes: the current and the highest value.
pub fn memory_of(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|size| size.parse().ok()).unwrap_or(0)
    };
    (kib("VmRSS:") * 1024, kib("VmHWM:") * 1024)
}

/// Makes this a process with two threads, like every service with a worker pool. glibc's allocator takes its lock only
/// then, which would otherwise favour the bare service over layers that export from a thread of their own.
pub fn start_idle_thread() {
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
}
