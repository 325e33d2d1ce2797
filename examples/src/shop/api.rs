//! The JSON that services exchange over HTTP. `proto/shop.proto` defines the gRPC messages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The order of a customer, as sent to the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Basket {
    /// What to buy.
    pub lines: Vec<Line>,
    /// A token that stands for a card, never its number; see [`card`].
    pub card: String,
    /// The telephone number for a message when the order is accepted; see [`phone`].
    #[serde(default)]
    pub phone: String,
}

/// A quantity of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The item.
    pub item: String,
    /// How many.
    pub quantity: u32,
}

impl fmt::Display for Basket {
    /// Writes the items, without the card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Line { item, quantity }) in self.lines.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{quantity} {item}")?;
        }
        Ok(())
    }
}

/// Card tokens that the card processor's stand-in treats in a special way. It approves all others.
pub mod card {
    /// Approved at once.
    pub const GOOD: &str = "card_good";
    /// Approved after a long risk assessment.
    pub const SLOW: &str = "card_slow";
    /// Declined.
    pub const EMPTY: &str = "card_empty";
    /// Answered with 503 the first time.
    pub const BUSY: &str = "card_busy";
    /// Answered only after every caller has given up.
    pub const STUCK: &str = "card_stuck";
}

/// Telephone numbers that the SMS gateway's stand-in treats in a special way. It reaches all others.
pub mod phone {
    /// Reached at once.
    pub const GOOD: &str = "555-0100";
    /// Reached with the second attempt.
    pub const BUSY: &str = "555-0101";
    /// Never reached.
    pub const WRONG: &str = "555-0102";
}

/// The logged-in customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The customer's id.
    pub customer: String,
}

/// The request of the gateway to the orders service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewOrder {
    /// The customer.
    pub customer: String,
    /// What they order.
    pub basket: Basket,
}

/// An accepted order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The number of the order.
    pub id: u64,
    /// The amount paid, in cents.
    pub paid_cents: u64,
}

/// The request of payment to the card processor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// The number of the order.
    pub order: u64,
    /// The token of the card.
    pub card: String,
    /// The amount, in cents.
    pub cents: u64,
}

/// An approved charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approval {
    /// The card processor's own reference.
    pub reference: String,
}
