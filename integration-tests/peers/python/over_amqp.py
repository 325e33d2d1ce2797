"""pika, whose instrumentation wraps each channel."""

import os
import threading

import pika
from opentelemetry.instrumentation.pika import PikaInstrumentor

PikaInstrumentor().instrument()


def receive(queue, received):
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
    channel.queue_declare(queue)

    def on_message(channel, method, properties, body):
        headers = properties.headers or {}
        received("amqp", lambda key: [headers[key]] if key in headers else [], body.decode())
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, on_message)
    threading.Thread(target=channel.start_consuming, daemon=True).start()


def send(hop, body):
    with pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])) as connection:
        channel = connection.channel()
        for _ in range(hop.get("count") or 1):
            properties = pika.BasicProperties(headers={"tenant": "7"})
            channel.basic_publish("", hop["to"], body.encode(), properties)
