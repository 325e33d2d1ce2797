//! The stock, in SQL.

use sqlx::Error;

use crate::shop::connections::{Database, Transaction, on_database};

/// The goods of the shop and their initial quantities.
const GOODS: [(&str, u32); 6] = [
    ("teapot", 1_000_000),
    ("cup", 1_000_000),
    ("umbrella", 1_000_000),
    ("grandfather clock", 1_000_000),
    ("chandelier", 1_000_000),
    ("grand piano", 1),
];

/// How many movements of goods [`Stock::forecast`] compares.
const MOVEMENTS: u32 = 1_500;

/// A database with the tables `stock` and `movements`.
#[derive(Debug, Clone)]
pub(super) struct Stock {
    database: Database,
}

impl Stock {
    /// Creates the tables that do not exist yet.
    pub(super) async fn open(database: Database) -> Result<Self, Error> {
        let tables = [
            "CREATE TABLE IF NOT EXISTS stock (\
                item VARCHAR(80) NOT NULL PRIMARY KEY, available BIGINT NOT NULL, CHECK (available >= 0))",
            "CREATE TABLE IF NOT EXISTS movements (id BIGINT NOT NULL PRIMARY KEY, quantity BIGINT NOT NULL)",
        ];
        let goods =
            GOODS.map(|(item, available)| format!("INSERT INTO stock VALUES ('{item}', {available})"));
        let movements: Vec<_> = (0..MOVEMENTS).map(|id| format!("({id}, {})", id * 37 % 101)).collect();
        let movements = format!("INSERT INTO movements VALUES {}", movements.join(", "));
        database.prepare(tables.map(str::to_owned).into_iter().chain(goods).chain([movements])).await?;
        Ok(Self { database })
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        self.database.begin().await
    }

    /// Counts the pairs of movements in which the later one is larger.
    ///
    /// This is the slow query of the demo: it compares every movement with every other, and no index helps.
    pub(super) async fn forecast(&self) -> Result<i64, Error> {
        on_database!(Database, &self.database, |pool, sql| {
            sqlx::query_scalar(sql("SELECT COUNT(*) FROM movements AS a, movements AS b \
                WHERE a.id < b.id AND a.quantity < b.quantity"))
            .fetch_one(pool)
            .await
        })
    }
}

/// Takes `quantity` of `item` from the stock. Returns `false` if there is no such item.
///
/// A constraint in the database keeps the quantity from falling below zero.
pub(super) async fn take(transaction: &mut Transaction, item: &str, quantity: u32) -> Result<bool, Error> {
    let taken = on_database!(Transaction, transaction, |transaction, sql| {
        sqlx::query(sql("UPDATE stock SET available = available - $1 WHERE item = $2"))
            .bind(i64::from(quantity))
            .bind(item)
            .execute(&mut **transaction)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(taken > 0)
}
