//! The demo: runs the whole shop in one process, places a few orders, and prints and checks their traces.

mod aftermath;
mod checks;
mod counted;
mod customer;
mod log_lines;
mod options;
mod order_kind;
mod report;
mod root_cause;
mod run;
mod running_shop;
mod sampled;
mod sampled_table;
mod sight;
mod sights;
mod sinks;

pub use aftermath::is_complete;
pub use checks::problems;
pub use customer::{Customer, Placed};
pub use options::{Options, USAGE, UsageError};
pub use order_kind::OrderKind;
pub use root_cause::{RootCause, root_cause};
pub use run::run;
pub use running_shop::{Ports, RunningShop, StartError};
pub use sight::Sight;
pub use sights::sights;
