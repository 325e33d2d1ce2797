//! What the suite costs: CPU time of its own threads, and sampled CPU time on the threads of requests.

mod account;
mod own_threads;
mod section;
mod system;

pub(crate) use account::{Account, Part, Totals};
pub use own_threads::OwnThread;
pub(crate) use section::Section;
pub(crate) use system::{available_cpus, process_cpu};
