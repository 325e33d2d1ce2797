//! Running a query on a connection.

mod stream;
mod taken;

pub(crate) use stream::QueryStream;
pub(crate) use taken::TakenQuery;
