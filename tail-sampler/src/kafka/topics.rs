//! The topics that the group needs.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::config::KafkaConfig;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The shortest time for which decisions stay in the topic.
const SHORTEST_RETENTION: Duration = Duration::from_secs(3600);

/// The topics are not as the group needs them.
#[derive(Debug, thiserror::Error)]
pub(super) enum TopicError {
    /// May be different later.
    #[error("the topic {0:?} does not exist")]
    Missing(String),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error(
        "the topic {topic:?} has {partitions} partitions, and the topic {decisions:?} has {of_decisions}: if the number of \
         partitions changes, traces are split. Create a new topic with the number that you want, let the producers write to it, \
         and start tail-sampler with the new topic once the old one is empty"
    )]
    Partitions { topic: String, partitions: i32, decisions: String, of_decisions: i32 },
}

impl TopicError {
    /// Returns whether waiting does not help.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Partitions { .. })
    }
}

/// Looks at the topics.
pub(super) struct Topics {
    admin: AdminClient<DefaultClientContext>,
}

impl Topics {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, KafkaError> {
        Ok(Self { admin: config.create()? })
    }

    /// Returns the client.
    pub(super) fn client(&self) -> &rdkafka::client::Client<DefaultClientContext> {
        self.admin.inner()
    }

    /// Returns the number of partitions and replicas of a topic, or `None` if it does not exist.
    fn describe(&self, topic: &str) -> Result<Option<(i32, i32)>, KafkaError> {
        // Of all topics, because a broker may create a topic that is asked for by name.
        let metadata = self.admin.inner().fetch_metadata(None, TIMEOUT)?;
        let Some(found) = metadata.topics().iter().find(|it| it.name() == topic) else { return Ok(None) };
        let replicas = found.partitions().first().map_or(1, |partition| partition.replicas().len());
        let partitions = i32::try_from(found.partitions().len()).unwrap_or(i32::MAX);
        Ok((partitions > 0).then_some((partitions, i32::try_from(replicas).unwrap_or(1))))
    }

    /// Creates the decision topic if it does not exist, and returns the number of partitions.
    pub(super) fn prepare(&self, config: &KafkaConfig, decision_wait: Duration) -> Result<i32, TopicError> {
        let (topic, decisions) = (&config.topic, config.decision_topic());
        let (partitions, replicas) =
            self.describe(topic)?.ok_or_else(|| TopicError::Missing(topic.clone()))?;
        if self.describe(&decisions)?.is_none() {
            self.create(&decisions, partitions, replicas, (config.late_window + decision_wait) * 4)?;
        }
        self.check(config).map(|_| partitions)
    }

    /// Returns the number of partitions, if it is that of the decision topic.
    pub(super) fn check(&self, config: &KafkaConfig) -> Result<i32, TopicError> {
        let (topic, decisions) = (&config.topic, config.decision_topic());
        let (partitions, _) = self.describe(topic)?.ok_or_else(|| TopicError::Missing(topic.clone()))?;
        let (of_decisions, _) =
            self.describe(&decisions)?.ok_or_else(|| TopicError::Missing(decisions.clone()))?;
        match partitions == of_decisions {
            true => Ok(partitions),
            false => {
                Err(TopicError::Partitions { topic: topic.clone(), partitions, decisions, of_decisions })
            }
        }
    }

    fn create(
        &self,
        topic: &str,
        partitions: i32,
        replicas: i32,
        needed: Duration,
    ) -> Result<(), TopicError> {
        let retention = needed.max(SHORTEST_RETENTION).as_millis().to_string();
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(replicas))
            .set("cleanup.policy", "compact,delete")
            .set("retention.ms", &retention)
            .set("segment.ms", "600000");
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
        let created = self.admin.create_topics([&new], &options);
        let results = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|_| KafkaError::Canceled)
            .and_then(|runtime| runtime.block_on(created))?;
        for result in results {
            match result {
                // Another process of the group may be faster.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => return Err(KafkaError::AdminOp(code).into()),
            }
        }
        Ok(())
    }
}
