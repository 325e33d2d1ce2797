//! The view that samplers have of an operation on messages.

use super::attribute::{
    CLIENT_ID, CONSUMER_GROUP, DESTINATION_ANONYMOUS, DESTINATION_NAME, DESTINATION_TEMPLATE,
    DESTINATION_TEMPORARY, OPERATION_NAME, OPERATION_TYPE, SERVER_ADDRESS, SERVER_PORT, SYSTEM,
};
use super::target::Target;
use super::{MessagingOperation, OperationType, Peer};
use crate::sampling::{AttributeValue, RequestView};

/// An operation, with the values that are known before its span starts.
pub(super) struct OperationView<'a> {
    pub(super) system: &'static str,
    pub(super) operation: &'a MessagingOperation<'a>,
    pub(super) target: &'a Target<'a>,
    pub(super) peer: &'a Peer,
}

impl RequestView for OperationView<'_> {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        let destination = &self.target.destination;
        Some(match key {
            SYSTEM => self.system.into(),
            OPERATION_TYPE => self.operation.kind.as_str().into(),
            OPERATION_NAME => self.operation.name.into(),
            DESTINATION_NAME if !destination.name.is_empty() => destination.name.into(),
            DESTINATION_TEMPLATE => self.target.template.as_deref()?.into(),
            DESTINATION_TEMPORARY if destination.is_temporary => true.into(),
            DESTINATION_ANONYMOUS if destination.is_anonymous => true.into(),
            CONSUMER_GROUP if self.operation.kind != OperationType::Send => {
                self.peer.consumer_group.as_deref()?.into()
            }
            CLIENT_ID => self.peer.client_id.as_deref()?.into(),
            SERVER_ADDRESS => self.peer.address.as_deref()?.into(),
            SERVER_PORT => self.peer.port.filter(|_| self.peer.address.is_some())?.into(),
            _ => return None,
        })
    }
}
