//! Names of the attributes of messaging spans (semantic conventions v1.44.0, registry `messaging`, and ours).

/// How often a message has been tried, from 1 on. Ours: only recorded for messages that were published again.
pub const ATTEMPT: &str = "messaging.message.attempt";
/// How old a message was when its processing began, in seconds: the time since its timestamp. Ours.
pub const AGE: &str = "messaging.message.age";
/// Bytes of all bodies of a batch. Ours.
pub const BATCH_BODY_SIZE: &str = "messaging.batch.body.size";
/// Items of a batch that failed. Ours.
pub const BATCH_FAILED: &str = "messaging.batch.failed_count";
/// Items of a batch that were processed. Ours.
pub const BATCH_PROCESSED: &str = "messaging.batch.processed_count";
/// Items of a batch that were skipped. Ours.
pub const BATCH_SKIPPED: &str = "messaging.batch.skipped_count";
/// Messages in a batch.
pub const BATCH_MESSAGE_COUNT: &str = "messaging.batch.message_count";
/// Bytes of a message's body.
pub const BODY_SIZE: &str = "messaging.message.body.size";
/// The client's id.
pub const CLIENT_ID: &str = "messaging.client.id";
/// The consumer's group.
pub const CONSUMER_GROUP: &str = "messaging.consumer.group.name";
/// What links the messages of one conversation.
pub const CONVERSATION_ID: &str = "messaging.message.conversation_id";
/// `true` for a destination without a name of its own.
pub const DESTINATION_ANONYMOUS: &str = "messaging.destination.anonymous";
/// The destination.
pub const DESTINATION_NAME: &str = "messaging.destination.name";
/// The partition, as text.
pub const DESTINATION_PARTITION: &str = "messaging.destination.partition.id";
/// What destinations that differ only in some id have in common.
pub const DESTINATION_TEMPLATE: &str = "messaging.destination.template";
/// `true` for a destination that goes with its client.
pub const DESTINATION_TEMPORARY: &str = "messaging.destination.temporary";
/// Class of the error, when the operation failed.
pub const ERROR_TYPE: &str = "error.type";
/// The message's id.
pub const MESSAGE_ID: &str = "messaging.message.id";
/// The operation, as the system calls it.
pub const OPERATION_NAME: &str = "messaging.operation.name";
/// The operation, of the few that all systems share.
pub const OPERATION_TYPE: &str = "messaging.operation.type";
/// Where the messaging system is.
pub const SERVER_ADDRESS: &str = "server.address";
/// Port of [`SERVER_ADDRESS`].
pub const SERVER_PORT: &str = "server.port";
/// The messaging system.
pub const SYSTEM: &str = "messaging.system";
