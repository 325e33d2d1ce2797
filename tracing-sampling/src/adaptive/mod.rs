//! Sampling rates that follow the state of the system.
//!
//! An [`Adaptive`] sampler reads its inputs every 15 s and sets its rate by one rule:
//!
//! ```text
//! rate = min(storage cap, CPU cap, max(error floor, deployment floor, base))
//! ```
//!
//! A cap or floor applies while its condition is on, and the base is lower while traffic is high:
//!
//! | condition | on above | off below | effect | default rate |
//! |---|---|---|---|---|
//! | errors | 5 % of requests | 4 % | floor | 10 % |
//! | traffic | 2 times the average of the last hour | 1.5 times | base | 0.5 % instead of 1 % |
//! | storage | 90 % in use | 75 % | cap | 0.1 % |
//! | CPU | 80 % | 65 % | cap | half of the base rate |
//! | deployment | a version first seen less than an hour ago | | floor | 20 % |
//!
//! A condition stays on for at least 10 s. The rate falls immediately, and rises by at most half of its value per interval. A
//! new rate applies to new traces only. All of these are [settings](AdaptiveBuilder).
//!
//! An input that is missing or that fails leaves its condition unchanged. The [state](Adaptive::state) shows this, and which
//! condition determines the rate, and since when.
//!
//! Error rate and traffic must be those of *all* requests. If they came from sampled spans without weights, the sampler would
//! react to its own rate. [`RequestCounts`](inputs::RequestCounts) counts every request.
//!
//! ```
//! use tracing_core_lite::sampling::ParentBased;
//! use tracing_sampling::adaptive::{Adaptive, inputs::RequestCounts};
//!
//! let requests = RequestCounts::default();
//! let adaptive = Adaptive::builder().with_requests(requests.clone()).start()?;
//! let sampler = ParentBased::new(adaptive.clone());
//! // For every request, sampled or not:
//! requests.record(false);
//! println!("{}", adaptive.state());
//! # let _ = sampler;
//! # Ok::<(), std::io::Error>(())
//! ```

mod builder;
mod condition;
mod controller;
pub mod inputs;
mod rates;
mod sampler;
mod settings;
mod state;
mod switch;
mod traffic;

pub use builder::AdaptiveBuilder;
pub use condition::{Condition, Limits};
pub use rates::Rates;
pub use sampler::Adaptive;
pub use state::{AdaptiveState, ConditionState, Reason, Status};
