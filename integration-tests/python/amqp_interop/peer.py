"""One end of a queue, in Python: pika, traced by OpenTelemetry's own instrumentation.

    peer.py publish URL QUEUE          publishes three messages in one span, then prints its spans
    peer.py consume URL QUEUE          consumes three messages, then prints its spans

Each span is printed as one line of JSON.
"""

import pathlib
import sys

import pika
from opentelemetry import trace
from opentelemetry.instrumentation.pika import PikaInstrumentor

sys.path.append(str(pathlib.Path(__file__).parent.parent))
import recorded_spans  # noqa: E402

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


def main():
    recorded_spans.record()
    PikaInstrumentor().instrument()
    direction, url, queue = sys.argv[1:]
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        if direction == "publish":
            publish(channel, queue)
        else:
            consume(connection, channel, queue)
    recorded_spans.print_spans()


main()
