//! The kinds of order that the demo places.

use crate::shop::api::{Basket, Line, card, phone};

/// A kind of order, named after what its trace shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// Nothing special. The first one finds the cache of prices empty.
    Ordinary,
    /// The card processor is slow.
    Slow,
    /// Inventory runs a slow query.
    SlowQuery,
    /// The card processor first answers 503, and payment tries again.
    Retried,
    /// The card is declined.
    Declined,
    /// There are too few of one item, and the reservation of the others is rolled back.
    OutOfStock,
    /// Payment does not answer before its deadline.
    Late,
}

impl OrderKind {
    /// One of each kind, in the order in which the demo places them.
    pub const STORY: [Self; 7] = [
        Self::Ordinary,
        Self::Slow,
        Self::SlowQuery,
        Self::Retried,
        Self::Declined,
        Self::OutOfStock,
        Self::Late,
    ];

    /// Returns the kinds of the first `count` orders: one of each, then ordinary ones.
    pub fn first(count: usize) -> impl Iterator<Item = Self> {
        Self::STORY.into_iter().chain(std::iter::repeat(Self::Ordinary)).take(count)
    }

    /// Returns the name, one or two words long.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Slow => "slow",
            Self::SlowQuery => "slow query",
            Self::Retried => "retried",
            Self::Declined => "declined",
            Self::OutOfStock => "no stock",
            Self::Late => "late",
        }
    }

    /// Describes what the trace shows.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Ordinary => {
                "An ordinary order: one trace through every service; each price is a cache miss"
            }
            Self::Slow => "A slow order: the card processor is slow; the price of cups is a cache hit",
            Self::SlowQuery => "A slow query: inventory compares every movement of goods with every other",
            Self::Retried => "A retried order: 503 from the card processor, then a second attempt",
            Self::Declined => "A declined order: the error starts with the card processor's answer",
            Self::OutOfStock => "An order out of stock: the database refuses, the transaction rolls back",
            Self::Late => "A late order: payment exceeds its deadline, and every service stops",
        }
    }

    /// Returns whether the order is accepted.
    pub fn succeeds(self) -> bool {
        match self {
            Self::Ordinary | Self::Slow | Self::SlowQuery | Self::Retried => true,
            Self::Declined | Self::OutOfStock | Self::Late => false,
        }
    }

    /// Returns what the customer orders.
    pub fn basket(self) -> Basket {
        let (lines, card): (&[(&str, u32)], _) = match self {
            Self::Ordinary => (&[("teapot", 1), ("cup", 6)], card::GOOD),
            Self::Slow => (&[("grandfather clock", 1), ("cup", 2)], card::SLOW),
            Self::SlowQuery => (&[("chandelier", 1)], card::GOOD),
            Self::Retried => (&[("umbrella", 2)], card::BUSY),
            Self::Declined => (&[("teapot", 2)], card::EMPTY),
            Self::OutOfStock => (&[("teapot", 1), ("grand piano", 2)], card::GOOD),
            Self::Late => (&[("umbrella", 1)], card::STUCK),
        };
        let line = |&(item, quantity): &(&str, u32)| Line { item: item.to_owned(), quantity };
        let phone = match self {
            Self::Slow => phone::BUSY,
            Self::SlowQuery => phone::WRONG,
            _ => phone::GOOD,
        };
        Basket { lines: lines.iter().map(line).collect(), card: card.to_owned(), phone: phone.to_owned() }
    }
}
