//! Queries of SQLite in memory. SQLite works on a thread of its own, which is not counted.

use std::rc::Rc;

use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use tokio::runtime::{Builder, Runtime};
use tracing_core_lite::TracerProvider;
use tracing_sql::TracedPool;

use crate::case::{Case, Parent, SAMPLED_OR_NOT, Work};

const QUERY: &str = "SELECT 1";

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "SQL, query on a pool", parents: SAMPLED_OR_NOT, make: query },
        Case { name: "SQL, query in a transaction", parents: SAMPLED_OR_NOT, make: transaction },
    ]
}

fn query(parent: Parent, provider: Option<&TracerProvider>) -> Work {
    parent.attach();
    let (runtime, pool) = connect();
    match provider {
        None => Work::new(move || {
            runtime.block_on(sqlx::query(QUERY).fetch_all(&pool)).expect("a row");
        }),
        Some(provider) => {
            let pool = TracedPool::new(pool).with_provider(provider);
            Work::new(move || {
                runtime.block_on(sqlx::query(QUERY).fetch_all(&pool)).expect("a row");
            })
        }
    }
}

/// One query, and its share of a transaction that lives longer than a round.
fn transaction(parent: Parent, provider: Option<&TracerProvider>) -> Work {
    parent.attach();
    let (runtime, pool) = connect();
    match provider {
        None => {
            let mut transaction = runtime.block_on(pool.begin()).expect("a transaction");
            Work::new(move || {
                runtime.block_on(sqlx::query(QUERY).fetch_all(&mut *transaction)).expect("a row");
            })
        }
        Some(provider) => {
            let pool = TracedPool::new(pool).with_provider(provider);
            let mut transaction = runtime.block_on(pool.begin()).expect("a transaction");
            Work::new(move || {
                runtime.block_on(sqlx::query(QUERY).fetch_all(&mut transaction)).expect("a row");
            })
        }
    }
}

fn connect() -> (Rc<Runtime>, SqlitePool) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = runtime.block_on(options.connect("sqlite::memory:")).expect("a database in memory");
    (Rc::new(runtime), pool)
}
