//! What the services that speak HTTP say to each other, as JSON; `proto/shop.proto` has what is said by gRPC.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a customer asks the gateway for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Basket {
    /// What to buy.
    pub lines: Vec<Line>,
    /// A token that stands for a card, never its number; see [`card`].
    pub card: String,
    /// Where to send a message when the order is accepted; see [`phone`].
    #[serde(default)]
    pub phone: String,
}

/// So many of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub item: String,
    /// How many.
    pub quantity: u32,
}

impl fmt::Display for Basket {
    /// What is in it, and not how it is paid.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Line { item, quantity }) in self.lines.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{quantity} {item}")?;
        }
        Ok(())
    }
}

/// Card tokens that the stand-in of the card processor treats in their own way; it approves all others.
pub mod card {
    /// Approved at once.
    pub const GOOD: &str = "card_good";
    /// Approved after a long look at it.
    pub const SLOW: &str = "card_slow";
    /// Declined.
    pub const EMPTY: &str = "card_empty";
    /// Answered with 503 the first time.
    pub const BUSY: &str = "card_busy";
    /// Never answered while somebody waits.
    pub const STUCK: &str = "card_stuck";
}

/// Telephone numbers that the stand-in of the messenger treats in their own way; it reaches all others.
pub mod phone {
    /// Reached at once.
    pub const GOOD: &str = "555-0100";
    /// Reached with the second attempt.
    pub const BUSY: &str = "555-0101";
    /// Never reached.
    pub const WRONG: &str = "555-0102";
}

/// Who is logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The customer's id.
    pub customer: String,
}

/// What the gateway asks the orders service for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewOrder {
    /// Who orders.
    pub customer: String,
    /// What they order.
    pub basket: Basket,
}

/// An order that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order's number.
    pub id: u64,
    /// What was paid, in cents.
    pub paid_cents: u64,
}

/// What payment asks the card processor for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// The order's number.
    pub order: u64,
    /// The card's token.
    pub card: String,
    /// How much, in cents.
    pub cents: u64,
}

/// A charge that was approved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approval {
    /// The card processor's own reference.
    pub reference: String,
}
