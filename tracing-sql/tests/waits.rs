//! A wait for a connection is in the trace.

mod support;

use std::time::Duration;

use support::on_all_databases;

const HOLD: Duration = Duration::from_millis(120);
const LONG: Duration = Duration::from_millis(50);

on_all_databases! {
    async fn of_a_query(db: 1) {
        let held = db.pool.inner().acquire().await.unwrap();
        let query = tokio::spawn({
            let pool = db.pool.clone();
            async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop) }
        });
        tokio::time::sleep(HOLD).await;
        drop(held);
        query.await.unwrap().unwrap();
        let span = db.spans.one("SELECT");
        let acquired = &span.events[0];
        assert_eq!(acquired.name, "connection_acquired");
        assert!(acquired.time_unix_nano - span.start_time_unix_nano >= LONG.as_nanos() as u64);
    }

    async fn of_acquire(db: 1) {
        let pool = db.pool.clone().with_wait_threshold(LONG);
        drop(pool.acquire().await.unwrap());
        assert!(db.spans.finished().is_empty());
        let held = db.pool.inner().acquire().await.unwrap();
        let waiting = tokio::spawn(async move { pool.acquire().await.map(drop) });
        tokio::time::sleep(HOLD).await;
        drop(held);
        waiting.await.unwrap().unwrap();
        let span = db.spans.one("acquire connection");
        assert!(span.duration() >= LONG);
        assert!(!span.is_error());
    }

    async fn that_is_cancelled(db: 1) {
        let _held = db.pool.inner().acquire().await.unwrap();
        assert!(tokio::time::timeout(LONG, db.pool.acquire()).await.is_err());
        assert!(tokio::time::timeout(LONG, sqlx::query("SELECT 1").execute(&db.pool)).await.is_err());
        for name in ["acquire connection", "SELECT"] {
            let span = db.spans.one(name);
            assert_eq!(span.text("error.type"), Some("cancelled"), "{name}");
            assert!(span.events.iter().all(|event| event.name != "connection_acquired"), "{name}");
        }
    }
}
