//! Checks figures of traces against limits and a baseline.

mod figures;
mod limit;
mod report;

pub use figures::figures;
pub use limit::{CheckResult, Limit, LimitError, Verdict, check};
pub use report::{figure, github, junit, message};
