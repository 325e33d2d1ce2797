const { Kafka, Partitioners, logLevel } = require("kafkajs");

const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKERS], logLevel: logLevel.ERROR });

exports.receive = async (topic, received) => {
  const consumer = kafka.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const values = (key) => [message.headers[key] ?? []].flat().map(String);
      await received("kafka", values, message.value?.toString() ?? "");
    },
  });
};

exports.send = async ({ to, count, tombstone }, body) => {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const message = () => ({ key: "4711", value: tombstone ? null : body, headers: { tenant: ["7", "8"] } });
  await producer.send({ topic: to, messages: Array.from({ length: count || 1 }, message) });
  await producer.disconnect();
};
