//! A query is a child of the innermost span around it: that of the transaction, or one that was opened since.

mod support;

use support::on_all_databases;
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;

on_all_databases! {
    async fn a_span_within_a_transaction_is_the_parent_of_its_queries(db: 1) {
        let mut transaction = db.pool.begin().await.unwrap();
        let step = db.spans.tracer().span("step").start();
        let in_step = step.in_context(&Context::current());
        async {
            sqlx::query(db.sql("SELECT id FROM {t}")).execute(&mut *transaction).await.unwrap();
            sqlx::query(db.sql("SELECT id FROM {t}")).fetch_optional(&mut transaction).await.unwrap();
        }
        .in_context(in_step)
        .await;
        step.end();
        sqlx::query(db.sql("DELETE FROM {t}")).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        // `step` was opened without the transaction's context, so it is a root.
        db.spans.assert_tree(&db.name("
            transaction {d}
              BEGIN
              DELETE {t}
              COMMIT
            step
              SELECT {t}
              SELECT {t}
        "));
    }

    async fn a_savepoint_is_a_child_of_the_span_that_begins_it(db: 1) {
        let handler = db.spans.tracer().span("handler").start();
        async {
            let mut outer = db.pool.begin().await.unwrap();
            let step = db.spans.tracer().span("step").start();
            async {
                let mut inner = outer.begin().await.unwrap();
                sqlx::query(db.sql("SELECT id FROM {t}")).execute(&mut *inner).await.unwrap();
                inner.commit().await.unwrap();
            }
            .in_context(step.in_context(&Context::current()))
            .await;
            step.end();
            sqlx::query(db.sql("DELETE FROM {t}")).execute(&mut *outer).await.unwrap();
            outer.commit().await.unwrap();
        }
        .in_context(handler.in_context(&Context::current()))
        .await;
        handler.end();
        db.spans.assert_tree(&db.name("
            handler
              transaction {d}
                BEGIN
                DELETE {t}
                COMMIT
              step
                savepoint {d}
                  SAVEPOINT
                  SELECT {t}
                  RELEASE SAVEPOINT
        "));
    }

    async fn a_span_around_the_transaction_is_not_the_parent_of_its_queries(db: 1) {
        let handler = db.spans.tracer().span("handler").start();
        let in_handler = handler.in_context(&Context::current());
        let mut transaction = db.pool.begin().in_context(in_handler.clone()).await.unwrap();
        sqlx::query(db.sql("SELECT id FROM {t}")).execute(&mut *transaction).in_context(in_handler).await.unwrap();
        // There is no current span now.
        sqlx::query(db.sql("DELETE FROM {t}")).execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        handler.end();
        db.spans.assert_tree(&db.name("
            handler
              transaction {d}
                BEGIN
                SELECT {t}
                DELETE {t}
                ROLLBACK
        "));
    }

    async fn a_connection_that_is_kept_is_used_by_many_spans(db: 1) {
        let mut connection = db.pool.clone().with_wait_threshold(std::time::Duration::MAX).acquire().await.unwrap();
        for name in ["first", "second"] {
            let request = db.spans.tracer().span(name).start();
            let context = request.in_context(&Context::current());
            sqlx::query(db.sql("SELECT id FROM {t}")).execute(&mut *connection).in_context(context).await.unwrap();
            request.end();
        }
        db.spans.assert_tree(&db.name("
            first
              SELECT {t}
            second
              SELECT {t}
        "));
    }
}
