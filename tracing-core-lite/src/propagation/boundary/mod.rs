//! Trust boundaries: which senders are trusted, and what receivers get.
//!
//! A server or consumer with an [`InboundBoundary`] decides for each request by [`InboundPolicy`]: continue the trace, start
//! a new one with a link, or continue it under rules agreed with a partner. A client or producer with an
//! [`OutboundBoundary`] decides by [`OutboundPolicy`] what it sends: everything, ids alone, a pseudonym, or nothing.
//!
//! Without a boundary, every sender is trusted and everything is sent, which is right within one company. Set boundaries on
//! services at the edge: those that strangers call, and those that call strangers.
//!
//! ```
//! use tracing_core_lite::propagation::boundary::{
//!     InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy, Partner,
//! };
//!
//! let inbound = InboundBoundary::new(InboundPolicy::Public)
//!     .with_peers(["10.0.0.0/8"], InboundPolicy::Trusted)?
//!     .with_identity("spiffe://acme.example/*", Partner::new("acme").with_baggage_keys(["order.region"]));
//!
//! let outbound = OutboundBoundary::new(OutboundPolicy::Everything)
//!     .with_partner("*.cards.example", "card-processor", OutboundPolicy::Pseudonym)
//!     .with_only(["*.shop.internal", "*.cards.example"]);
//! # drop((inbound, outbound));
//! # Ok::<(), tracing_core_lite::net::NetworkError>(())
//! ```

mod fields;
mod inbound;
mod outbound;
mod partner;
mod pattern;
mod policy;
mod sent;

pub use inbound::{InboundBoundary, PeerIdentity, Sender};
pub use outbound::{OutboundBoundary, Receiver};
pub use partner::Partner;
pub use policy::{InboundPolicy, OutboundPolicy};
pub use sent::Sent;
