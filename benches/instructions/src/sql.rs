//! Queries of SQLite in memory. SQLite works on a thread of its own. Neither that thread nor waiting for it is counted.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use tokio::runtime::{Builder, Runtime};
use tracing_sql::TracedPool;

use crate::case::{Case, Parent, Provider, SAMPLED_OR_NOT, Work, provided};

const QUERY: &str = "SELECT 1";

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "SQL, query on a pool", parents: SAMPLED_OR_NOT, make: query },
        Case { name: "SQL, query in a transaction", parents: SAMPLED_OR_NOT, make: transaction },
    ]
}

fn query(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let (runtime, pool) = connect();
    let waker = Woken::waker();
    match provider {
        None => Work::new(move || {
            run(&runtime, &waker, sqlx::query(QUERY).fetch_all(&pool)).expect("a row");
        }),
        Some(provider) => {
            let pool = provided!(TracedPool::new(pool), provider);
            Work::new(move || {
                run(&runtime, &waker, sqlx::query(QUERY).fetch_all(&pool)).expect("a row");
            })
        }
    }
}

/// One query, and its share of a transaction that lives longer than a round.
fn transaction(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let (runtime, pool) = connect();
    let waker = Woken::waker();
    match provider {
        None => {
            let mut transaction = runtime.block_on(pool.begin()).expect("a transaction");
            Work::new(move || {
                run(&runtime, &waker, sqlx::query(QUERY).fetch_all(&mut *transaction)).expect("a row");
            })
        }
        Some(provider) => {
            let pool = provided!(TracedPool::new(pool), provider);
            let mut transaction = runtime.block_on(pool.begin()).expect("a transaction");
            Work::new(move || {
                run(&runtime, &waker, sqlx::query(QUERY).fetch_all(&mut transaction)).expect("a row");
            })
        }
    }
}

fn connect() -> (Runtime, SqlitePool) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = runtime.block_on(options.connect("sqlite::memory:")).expect("a database in memory");
    (runtime, pool)
}

/// Whether the other thread has answered.
#[derive(Default)]
struct Woken(AtomicBool);

impl Woken {
    fn waker() -> (Arc<Self>, Waker) {
        let woken = Arc::<Self>::default();
        (Arc::clone(&woken), woken.into())
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs a query. Counts the polls of its future, but neither the waits between them nor the tasks that it has spawned, such as the
/// one that returns its connection to the pool.
fn run<F: Future>(runtime: &Runtime, (woken, waker): &(Arc<Woken>, Waker), query: F) -> F::Output {
    let _entered = runtime.enter();
    let mut query = pin!(query);
    let mut cx = Context::from_waker(waker);
    let output = loop {
        if let Poll::Ready(output) = query.as_mut().poll(&mut cx) {
            break output;
        }
        crate::uncounted(|| {
            while !woken.0.swap(false, Ordering::Acquire) {
                rest(runtime);
            }
        });
    };
    crate::uncounted(|| rest(runtime));
    output
}

/// Gives the runtime's tasks and the other thread time.
fn rest(runtime: &Runtime) {
    runtime.block_on(tokio::time::sleep(Duration::from_micros(50)));
}
