//! The processor's counter.

pub(super) use counter::now;

/// Whether the kernel uses the counter as its clock. The kernel then has found that it runs at a constant rate
/// and alike on all processors, and goes on to watch that.
pub(super) fn is_a_clock() -> bool {
    counter::IS_THERE
        && std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .is_ok_and(|name| name.trim() == "tsc")
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]
mod counter {
    pub(super) const IS_THERE: bool = true;

    /// Reads the counter. Call it only if the counter [is a clock](super::is_a_clock): on some virtual machines
    /// a reading takes long.
    ///
    /// `docs/design/clock.md` explains why this is not left to the system's clock or to a crate.
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

    /// Returns 0: there is no counter.
    #[inline(always)]
    pub(in super::super) fn now() -> u64 {
        0
    }
}
