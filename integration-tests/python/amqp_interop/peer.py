"""One end of a queue, in Python: pika, traced by OpenTelemetry's own instrumentation.

    peer.py publish URL QUEUE          publishes three messages in one span, then prints its spans
    peer.py consume URL QUEUE          consumes three messages, then prints its spans

A span is one line of JSON.
"""

import json
import sys

import pika
from opentelemetry import trace
from opentelemetry.instrumentation.pika import PikaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

MESSAGES = 3
TIMEOUT = 20


def publish(channel, queue):
    with trace.get_tracer("peer").start_as_current_span("order"):
        for number in range(MESSAGES):
            properties = pika.BasicProperties(headers={"tenant": "7"}, correlation_id=f"order-{number}")
            channel.basic_publish("", queue, f"message {number}".encode(), properties)


def consume(connection, channel, queue):
    seen = []

    def on_message(channel, method, properties, body):
        assert properties.headers["tenant"] == "7", properties
        seen.append(body)
        channel.basic_ack(method.delivery_tag)
        if len(seen) == MESSAGES:
            channel.stop_consuming()

    channel.basic_consume(queue, on_message)
    connection.call_later(TIMEOUT, channel.stop_consuming)
    channel.start_consuming()
    assert len(seen) == MESSAGES, seen


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
    PikaInstrumentor().instrument()
    direction, url, queue = sys.argv[1:]
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        if direction == "publish":
            publish(channel, queue)
        else:
            consume(connection, channel, queue)
    for span in exporter.get_finished_spans():
        print(json.dumps(describe(span)))


main()
