//! The requests that wait for their replies.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::ConsumerDelegate;
use lapin::message::DeliveryResult;
use lapin::types::ShortString;
use tokio::sync::oneshot;

use super::error::RpcError;
use crate::consumer::{Source, TracedDelivery};

type Reply = lapin::Result<TracedDelivery>;

/// The requests that have no reply yet, by `correlation_id`.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<ShortString, oneshot::Sender<Reply>>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<ShortString, oneshot::Sender<Reply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, id: ShortString) -> Entry {
        let (sender, reply) = oneshot::channel();
        self.lock().insert(id.clone(), sender);
        Entry { waiting: self.clone(), id, reply }
    }

    /// Ends all waiting requests, with `error` if there is one.
    fn fail(&self, error: Option<&lapin::Error>) {
        for (_, sender) in self.lock().drain() {
            if let Some(error) = error {
                // This fails if the caller has dropped its call.
                let _dropped = sender.send(Err(error.clone()));
            }
        }
    }
}

/// A waiting request. Dropping this removes it.
pub(super) struct Entry {
    waiting: Waiting,
    id: ShortString,
    reply: oneshot::Receiver<Reply>,
}

impl Entry {
    pub(super) async fn reply(mut self) -> Result<TracedDelivery, RpcError> {
        match (&mut self.reply).await {
            Ok(reply) => Ok(reply?),
            Err(_) => Err(RpcError::Lost),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        // Another request may have reused the id.
        self.reply.close();
        if waiting.get(&self.id).is_some_and(oneshot::Sender::is_closed) {
            waiting.remove(&self.id);
        }
    }
}

/// Passes each reply to the request that waits for it.
pub(super) struct Replies {
    pub(super) waiting: Waiting,
    pub(super) source: Arc<Source>,
}

impl ConsumerDelegate for Replies {
    fn on_new_delivery(&self, delivery: DeliveryResult) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match delivery {
            Ok(Some(delivery)) => {
                let id = delivery.properties.correlation_id().as_ref();
                if let Some(sender) = id.and_then(|id| self.waiting.lock().remove(id)) {
                    let _dropped = sender.send(Ok(TracedDelivery::new(delivery, Arc::clone(&self.source))));
                }
            }
            Ok(None) => self.waiting.fail(None),
            Err(error) => self.waiting.fail(Some(&error)),
        }
        Box::pin(std::future::ready(()))
    }
}
