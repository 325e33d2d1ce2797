//! The figures as a text.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::figures::{BudgetSteps, Overhead};

impl Display for Overhead {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { window, cpus, budget, memory, .. } = self;
        let verdict = if self.is_exceeded { "exceeded" } else { "held" };
        let cpus = if *cpus == 1 { "1 CPU".to_owned() } else { format!("{cpus} CPUs") };
        writeln!(
            f,
            "overhead of tracing in the last {:.1} s on {cpus}; the budget is {verdict}",
            window.as_secs_f64()
        )?;
        write!(f, "  CPU      {} of the CPUs, budget {}", Percent(self.cpu_share()), Percent(budget.cpu))?;
        if let Some(share) = self.share_of_process() {
            write!(f, "; {} of what the process used", Percent(share))?;
        }
        match self.thread_cpu {
            Some(time) => write!(f, "\n             {} on the suite's own threads", Millis(time))?,
            None => {
                write!(f, "\n             not known on the suite's own threads: it is read on Linux only")?
            }
        }
        let samples = self.samples;
        write!(
            f,
            "\n             {} on threads of requests, from {samples} timed calls",
            Millis(self.request_cpu)
        )?;
        match self.latency_share {
            Some(share) => write!(f, "\n  latency  {} of the duration of requests", Percent(share))?,
            None => write!(f, "\n  latency  not known: too few calls were timed")?,
        }
        write!(f, ", budget {}", Percent(budget.latency))?;
        write!(
            f,
            "\n  memory   {}, budget {}: {} queued, {} in buffers of threads, {} spare",
            Bytes(memory.total()),
            Bytes(budget.memory),
            Bytes(memory.queued),
            Bytes(memory.buffered),
            Bytes(memory.spare),
        )?;
        let BudgetSteps { attributes_reduced, sampling, switched_off } = self.steps;
        if self.steps != BudgetSteps::default() {
            write!(f, "\n  steps    {} of the traces are sampled", Percent(sampling))?;
        }
        if attributes_reduced {
            f.write_str("; spans keep some attributes only")?;
        }
        if switched_off {
            f.write_str("; internal spans are switched off")?;
        }
        Ok(())
    }
}

/// A share, in percent.
pub(super) struct Percent(pub(super) f64);

impl Display for Percent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        match percent {
            _ if percent.is_infinite() => f.write_str("unlimited"),
            _ if percent == percent.round() => write!(f, "{percent:.0} %"),
            _ => write!(f, "{percent:.2} %"),
        }
    }
}

struct Millis(Duration);

impl Display for Millis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0.as_secs_f64() * 1e3)
    }
}

pub(super) struct Bytes(pub(super) u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            u64::MAX => f.write_str("unlimited"),
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{:.0} kB", self.0 as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}
