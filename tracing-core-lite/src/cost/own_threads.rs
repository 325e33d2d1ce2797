//! The threads of the suite, and the CPU time that they have used.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::system::thread_cpu;
use crate::fork;

/// Counts the current thread among those of the suite until it is dropped. It is made at the start of each such thread.
///
/// The CPU time of a thread is known on Linux, where it is read from `/proc`.
#[derive(Debug)]
pub struct OwnThread {
    /// `None` where the time of a thread is not known.
    folder: Option<PathBuf>,
}

/// The threads of this process.
#[derive(Debug, Default)]
struct Threads {
    /// The process that they belong to. A forked child has none of them.
    generation: u64,
    live: Vec<PathBuf>,
    /// The time of those that have ended.
    ended: Duration,
    /// Whether there was a thread whose time is not known.
    has_unknown: bool,
}

static THREADS: Mutex<Threads> =
    Mutex::new(Threads { generation: 0, live: Vec::new(), ended: Duration::ZERO, has_unknown: false });

fn threads() -> MutexGuard<'static, Threads> {
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if threads.generation != fork::generation() {
        *threads = Threads { generation: fork::generation(), ..Threads::default() };
    }
    threads
}

impl OwnThread {
    /// Counts the current thread.
    #[must_use = "the thread counts until this is dropped"]
    pub fn enter() -> Self {
        fork::watch();
        let folder = std::fs::read_link("/proc/thread-self").map(|thread| Path::new("/proc").join(thread));
        let folder = folder.ok().filter(|folder| thread_cpu(folder).is_some());
        let mut threads = threads();
        match &folder {
            Some(folder) => threads.live.push(folder.clone()),
            None => threads.has_unknown = true,
        }
        Self { folder }
    }

    /// Returns the CPU time of all threads of the suite in this process. `None` if it is not known.
    pub(crate) fn total_cpu() -> Option<Duration> {
        let threads = threads();
        if threads.has_unknown {
            return None;
        }
        // A thread that has just ended without its guard is left out.
        let live: Duration = threads.live.iter().filter_map(|folder| thread_cpu(folder)).sum();
        Some(threads.ended + live)
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else { return };
        let used = thread_cpu(&folder).unwrap_or_default();
        let mut threads = threads();
        let count = threads.live.len();
        threads.live.retain(|live| *live != folder);
        if threads.live.len() < count {
            threads.ended += used;
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use std::time::Instant;

    #[cfg(target_os = "linux")]
    use super::*;

    /// Works until the operating system says that this thread has used `time`.
    #[cfg(target_os = "linux")]
    fn work(own: &OwnThread, time: Duration) {
        let folder = own.folder.as_deref().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while thread_cpu(folder).unwrap() < time {
            assert!(Instant::now() < deadline, "the thread gets no CPU");
            std::hint::black_box((0..10_000u64).map(|it| it.wrapping_mul(it)).sum::<u64>());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_time_of_a_thread_stays_when_it_has_ended() {
        const TIME: Duration = Duration::from_millis(30);
        let before = OwnThread::total_cpu().unwrap();
        let during = std::thread::spawn(move || {
            let own = OwnThread::enter();
            work(&own, TIME);
            OwnThread::total_cpu().unwrap()
        });
        let during = during.join().unwrap();
        assert!(during >= before + TIME, "{during:?} after {before:?}");
        assert!(OwnThread::total_cpu().unwrap() >= during);
    }
}
