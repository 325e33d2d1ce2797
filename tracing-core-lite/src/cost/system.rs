//! CPU times as Linux reports them.

use std::path::Path;
use std::time::Duration;

/// The unit of CPU times in `stat` files, in nanoseconds. Linux shows them in hundredths of a second on every
/// architecture that Rust's standard library supports.
const TICK: u64 = 10_000_000;

/// Returns the number of CPUs that the process may use: with affinity and cgroup quotas, as far as
/// [`std::thread::available_parallelism`] knows them.
pub(crate) fn available_cpus() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Returns the CPU time that the process has used. `None` on systems other than Linux, and without `/proc`.
pub(crate) fn process_cpu() -> Option<Duration> {
    of_stat(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// Returns the CPU time that the thread with this folder in `/proc` has used.
pub(super) fn thread_cpu(folder: &Path) -> Option<Duration> {
    // `schedstat` counts nanoseconds, but a kernel may be built without it.
    let exact = std::fs::read_to_string(folder.join("schedstat")).ok();
    exact.as_deref().and_then(of_schedstat).or_else(|| {
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        of_stat(&stat)
    })
}

/// Reads the time on the CPU, the first number. It is 0 where the kernel does not count it.
fn of_schedstat(text: &str) -> Option<Duration> {
    let nanos: u64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    (nanos > 0).then(|| Duration::from_nanos(nanos))
}

/// Reads `utime` and `stime`, the 14th and 15th field. The second field is a name in parentheses, which may contain any
/// character.
fn of_stat(text: &str) -> Option<Duration> {
    let (_, after_name) = text.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_nanos((ticks()? + ticks()?).saturating_mul(TICK)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_from_the_files_of_linux() {
        let stat = "4242 (my (odd) name) S 1 4242 4242 0 -1 4194560 1 0 0 0 170 30 5 5 20 0 3 0 100 0 0";
        assert_eq!(of_stat(stat), Some(Duration::from_secs(2)));
        assert_eq!(of_schedstat("3000000001 12 7\n"), Some(Duration::from_nanos(3_000_000_001)));
        for text in ["", "0 0 0", "-1 0 0", "x"] {
            assert_eq!(of_schedstat(text), None, "{text:?}");
            assert_eq!(of_stat(text), None, "{text:?}");
        }
        assert_eq!(of_stat("1 (a) S 1 2 3"), None, "cut off");
    }
}
