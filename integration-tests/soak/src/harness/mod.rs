//! Starts everything, injects faults, and checks the outcome.

mod backend;
mod calls;
mod health;
mod lanes;
mod ledger;
mod options;
mod process;
mod proxy;
mod received;
mod run;
mod samples;
mod shop;
mod timeline;
mod verdict;

pub(crate) use health::free_ports;
pub(crate) use run::run;
pub(crate) use samples::Sample;
pub(crate) use verdict::Verdict;
