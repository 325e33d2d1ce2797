//! The processor's counter.

pub(super) use counter::now;

/// Whether the kernel tells the time by the counter: it has found then that it counts at a constant rate, and the same on all
/// processors, and goes on to watch that.
pub(super) fn is_a_clock() -> bool {
    counter::IS_THERE
        && std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .is_ok_and(|name| name.trim() == "tsc")
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]
mod counter {
    pub(super) const IS_THERE: bool = true;

    /// What is counted so far. To be asked only if it [is a clock](super::is_a_clock): on some virtual machines this takes a microsecond.
    ///
    /// Safe ways to ask were measured and are slower: the system's clock takes three times as long, or six times among other work. The
    /// crates that read the counter calibrate it in a busy loop of 20 ms or more at the start of every program, and believe a counter
    /// that the kernel does not.
    #[allow(unsafe_code)]
    #[inline(always)]
    pub(in super::super) fn now() -> u64 {
        // SAFETY: the instruction reads a counter, and touches neither memory nor flags. Where the operating system forbids it to a
        // process (`PR_SET_TSC`), the system's own clock could not be read without it either.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", not(miri))))]
mod counter {
    pub(super) const IS_THERE: bool = false;

    /// Nothing is counted.
    #[inline(always)]
    pub(in super::super) fn now() -> u64 {
        0
    }
}
