//! Names of the attributes of messaging spans: those of the semantic conventions (v1.44.0, registry `messaging`), and under
//! `tracing_suite.` those that no convention defines.

/// The number of the attempt at a message, from 2 on. Not set for a first attempt. Not in the conventions.
pub const ATTEMPT: &str = "tracing_suite.messaging.message.attempt";
/// The age of a message when its processing began, in seconds since its timestamp. Not in the conventions.
pub const AGE: &str = "tracing_suite.messaging.message.age";
/// The size of all bodies of a batch, in bytes. Not in the conventions.
pub const BATCH_BODY_SIZE: &str = "tracing_suite.messaging.batch.body.size";
/// The number of items of a batch that failed. Not in the conventions.
pub const BATCH_FAILED: &str = "tracing_suite.messaging.batch.failed_count";
/// The number of items of a batch that were processed. Not in the conventions.
pub const BATCH_PROCESSED: &str = "tracing_suite.messaging.batch.processed_count";
/// The number of items of a batch that were skipped. Not in the conventions.
pub const BATCH_SKIPPED: &str = "tracing_suite.messaging.batch.skipped_count";
/// The number of messages in a batch.
pub const BATCH_MESSAGE_COUNT: &str = "messaging.batch.message_count";
/// The size of a message's body, in bytes.
pub const BODY_SIZE: &str = "messaging.message.body.size";
/// The id of the client.
pub const CLIENT_ID: &str = "messaging.client.id";
/// The name of the consumer group.
pub const CONSUMER_GROUP: &str = "messaging.consumer.group.name";
/// The id that the messages of one conversation share.
pub const CONVERSATION_ID: &str = "messaging.message.conversation_id";
/// `true` for a destination whose name the system generated.
pub const DESTINATION_ANONYMOUS: &str = "messaging.destination.anonymous";
/// The name of the destination.
pub const DESTINATION_NAME: &str = "messaging.destination.name";
/// The partition, as text.
pub const DESTINATION_PARTITION: &str = "messaging.destination.partition.id";
/// The name of a group of destinations that differ only in an id.
pub const DESTINATION_TEMPLATE: &str = "messaging.destination.template";
/// `true` for a destination that is deleted with its client.
pub const DESTINATION_TEMPORARY: &str = "messaging.destination.temporary";
/// The class of the error of a failed operation.
pub const ERROR_TYPE: &str = "error.type";
/// The id of the message.
pub const MESSAGE_ID: &str = "messaging.message.id";
/// The IP address of the broker.
pub const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
/// The port of [`NETWORK_PEER_ADDRESS`].
pub const NETWORK_PEER_PORT: &str = "network.peer.port";
/// The system's own name of the operation.
pub const OPERATION_NAME: &str = "messaging.operation.name";
/// The kind of the operation, one of a few that all systems share.
pub const OPERATION_TYPE: &str = "messaging.operation.type";
/// The host of the broker.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port of [`SERVER_ADDRESS`].
pub const SERVER_PORT: &str = "server.port";
/// The messaging system.
pub const SYSTEM: &str = "messaging.system";
