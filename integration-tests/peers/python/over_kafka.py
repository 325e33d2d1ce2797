"""confluent-kafka, whose instrumentation wraps each client."""

import os
import threading

from confluent_kafka import Consumer, Producer
from opentelemetry import context, propagate
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor

BROKERS = {"bootstrap.servers": os.environ["KAFKA_BROKERS"]}
instrumentor = ConfluentKafkaInstrumentor()


def receive(topic, received):
    group = {"group.id": topic, "auto.offset.reset": "earliest", "allow.auto.create.topics": True}
    consumer = instrumentor.instrument_consumer(Consumer({**BROKERS, **group}))
    consumer.subscribe([topic])

    def run():
        while True:
            message = consumer.poll(1)
            if message is None or message.error() is not None:
                continue
            headers = message.headers() or []

            def values(key, headers=headers):
                return [value.decode() for name, value in headers if name == key]

            # The instrumentation records the processing, but neither its span nor the baggage is current here.
            carrier = {name: value.decode() for name, value in headers}
            token = context.attach(propagate.extract(carrier))
            received("kafka", values, (message.value() or b"").decode())
            context.detach(token)

    threading.Thread(target=run, daemon=True).start()


def send(hop, body):
    producer = instrumentor.instrument_producer(Producer(BROKERS))
    for _ in range(hop.get("count") or 1):
        value = None if hop.get("tombstone") else body.encode()
        producer.produce(hop["to"], value, key=b"4711", headers=[("tenant", b"7"), ("tenant", b"8")])
    assert producer.flush(20) == 0
