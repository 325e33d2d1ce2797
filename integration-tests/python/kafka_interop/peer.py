"""The way of a message through a program in Python, traced by OpenTelemetry's own instrumentation of confluent-kafka.

    peer.py BROKERS FROM TO   receives one message of the topic FROM, sends it on to TO with all its headers, then prints its spans

A span is one line of JSON. The instrumentation appends its headers to those that are there, so that the message that is sent on
has two of a kind.
"""

import json
import sys

from confluent_kafka import Consumer, Producer
from opentelemetry import trace
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

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


def describe(span):
    parent = span.parent
    return {
        "name": span.name,
        "kind": span.kind.name,
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent": f"{parent.span_id:016x}" if parent else "",
        "links": [f"{link.context.span_id:016x}" for link in span.links],
    }


def main():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    relay(*sys.argv[1:])
    for span in exporter.get_finished_spans():
        print(json.dumps(describe(span)))


main()
