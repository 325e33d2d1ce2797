//! The demo: the whole shop in one process, a few orders, their traces, and a check that these are right.

mod aftermath;
mod checks;
mod customer;
mod log_lines;
mod options;
mod order_kind;
mod report;
mod root_cause;
mod run;
mod running_shop;
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
pub use sights::{Sight, sights};
