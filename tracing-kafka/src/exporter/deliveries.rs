//! The delivery reports of the records of one batch.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

/// What is known about a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Delivery {
    /// It is not in the producer's queue.
    Unsent,
    InFlight,
    Delivered,
    Failed(KafkaError),
}

/// The records of one batch. The producer's callback writes the reports.
pub(super) type Deliveries = Arc<Mutex<Vec<Delivery>>>;

/// A record in flight.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) of: Deliveries,
    pub(super) index: usize,
}

pub(super) fn set(deliveries: &Deliveries, index: usize, delivery: Delivery) {
    let mut all = deliveries.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get_mut(index) {
        *known = delivery;
    }
}

pub(super) fn get(deliveries: &Deliveries, index: usize) -> Delivery {
    let all = deliveries.lock().unwrap_or_else(PoisonError::into_inner);
    all.get(index).cloned().unwrap_or(Delivery::Unsent)
}

/// Counts the records in flight.
pub(super) fn in_flight(deliveries: &Deliveries) -> usize {
    let all = deliveries.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().filter(|it| **it == Delivery::InFlight).count()
}

/// Receives the reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reports;

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<InFlight>;

    fn delivery(&self, result: &DeliveryResult<'_>, record: Self::DeliveryOpaque) {
        let delivery = match result {
            Ok(_) => Delivery::Delivered,
            Err((error, _)) => Delivery::Failed(error.clone()),
        };
        set(&record.of, record.index, delivery);
    }
}
