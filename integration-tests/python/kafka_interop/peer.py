"""Relays a message, traced by OpenTelemetry's own instrumentation of confluent-kafka.

    peer.py BROKERS FROM TO   receives one message from the topic FROM, sends it to TO with all its headers, then prints its spans

Each span is printed as one line of JSON. The instrumentation appends its headers to the existing ones, so the
relayed message has two of each.
"""

import pathlib
import sys

from confluent_kafka import Consumer, Producer
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor

sys.path.append(str(pathlib.Path(__file__).parent.parent))
import recorded_spans  # noqa: E402

TIMEOUT = 30


def relay(brokers, source, target):
    instrumentor = ConfluentKafkaInstrumentor()
    group = {"group.id": source, "auto.offset.reset": "earliest"}
    consumer = instrumentor.instrument_consumer(Consumer({"bootstrap.servers": brokers, **group}))
    producer = instrumentor.instrument_producer(Producer({"bootstrap.servers": brokers}))
    consumer.subscribe([source])
    message = consumer.poll(TIMEOUT)
    assert message is not None and message.error() is None, message
    producer.produce(target, message.value(), key=message.key(), headers=list(message.headers()))
    assert producer.flush(TIMEOUT) == 0
    consumer.close()


def main():
    recorded_spans.record()
    relay(*sys.argv[1:])
    recorded_spans.print_spans()


main()
