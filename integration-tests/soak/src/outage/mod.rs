//! `soak outage`: the receiver is down for ten minutes while spans keep coming.

mod producer;
mod run;
mod sink;

pub(crate) use run::run;
pub(crate) use sink::serve;
