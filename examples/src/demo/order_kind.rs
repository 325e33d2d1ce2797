//! The kinds of order that the demo places.

use crate::shop::api::{Basket, card};

/// A kind of order, by what its trace has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Nothing special.
    Ordinary,
    /// The card processor takes its time.
    Slow,
    /// The card processor answers 503 first, and payment tries again.
    Retried,
    /// The card is declined.
    Declined,
}

impl OrderKind {
    /// One of each, in the order in which they are placed.
    pub const STORY: [Self; 4] = [Self::Ordinary, Self::Slow, Self::Retried, Self::Declined];

    /// The kinds of the first `count` orders: one of each, then ordinary ones.
    pub fn first(count: usize) -> impl Iterator<Item = Self> {
        Self::STORY.into_iter().chain(std::iter::repeat(Self::Ordinary)).take(count)
    }

    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Slow => "slow",
            Self::Retried => "retried",
            Self::Declined => "declined",
        }
    }

    /// What there is to see.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Ordinary => "An ordinary order: one trace through every service",
            Self::Slow => "A slow order: the card processor takes its time to assess the risk",
            Self::Retried => "A retried order: 503 from the card processor, then a second attempt",
            Self::Declined => "A declined order: the error starts at the card processor",
        }
    }

    /// What the customer asks for.
    pub fn basket(self) -> Basket {
        let (item, card) = match self {
            Self::Ordinary => ("teapot", card::GOOD),
            Self::Slow => ("grandfather clock", card::SLOW),
            Self::Retried => ("umbrella", card::BUSY),
            Self::Declined => ("grand piano", card::EMPTY),
        };
        Basket { item: item.to_owned(), quantity: 2, card: card.to_owned() }
    }
}
