//! Orders and prices, in SQL.

use sqlx::Error;

use crate::shop::connections::{Database, on_database};

/// The initial price of each item, in cents.
const PRICES: [(&str, u32); 6] = [
    ("teapot", 1_250),
    ("cup", 400),
    ("umbrella", 1_900),
    ("grandfather clock", 89_000),
    ("chandelier", 42_000),
    ("grand piano", 1_499_000),
];

/// A database with the tables `orders` and `prices`.
#[derive(Debug, Clone)]
pub(super) struct Store {
    database: Database,
}

impl Store {
    /// Creates the tables that do not exist yet.
    pub(super) async fn open(database: Database) -> Result<Self, Error> {
        let tables = [
            "CREATE TABLE IF NOT EXISTS orders (id BIGINT NOT NULL PRIMARY KEY, \
                customer VARCHAR(80) NOT NULL, cents BIGINT NOT NULL, state VARCHAR(40) NOT NULL)",
            "CREATE TABLE IF NOT EXISTS prices (item VARCHAR(80) NOT NULL PRIMARY KEY, cents BIGINT NOT NULL)",
        ];
        let prices = PRICES.map(|(item, cents)| format!("INSERT INTO prices VALUES ('{item}', {cents})"));
        database.prepare(tables.map(str::to_owned).into_iter().chain(prices)).await?;
        Ok(Self { database })
    }

    /// Returns the price of one `item` in cents, or `None` if the shop does not sell it.
    pub(super) async fn price(&self, item: &str) -> Result<Option<u64>, Error> {
        let cents: Option<i64> = on_database!(Database, &self.database, |pool, sql| {
            sqlx::query_scalar(sql("SELECT cents FROM prices WHERE item = $1"))
                .bind(item)
                .fetch_optional(pool)
                .await
        })?;
        Ok(cents.map(i64::unsigned_abs))
    }

    pub(super) async fn insert(&self, id: u64, customer: &str, cents: u64) -> Result<(), Error> {
        on_database!(Database, &self.database, |pool, sql| {
            sqlx::query(sql("INSERT INTO orders (id, customer, cents, state) VALUES ($1, $2, $3, 'new')"))
                .bind(id as i64)
                .bind(customer)
                .bind(cents as i64)
                .execute(pool)
                .await
                .map(drop)
        })
    }

    /// Stores the final state of the order: `paid`, or the class of its failure.
    pub(super) async fn finish(&self, id: u64, state: &str) -> Result<(), Error> {
        on_database!(Database, &self.database, |pool, sql| {
            sqlx::query(sql("UPDATE orders SET state = $1 WHERE id = $2"))
                .bind(state)
                .bind(id as i64)
                .execute(pool)
                .await
                .map(drop)
        })
    }
}
