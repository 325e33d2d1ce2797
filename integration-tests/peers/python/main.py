"""A peer in Python: requests, ASGI, grpcio, confluent-kafka and pika. ../README.md says what it does."""

import json
import os
import sys
import threading

from opentelemetry import baggage, context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import over_amqp
import over_grpc
import over_http
import over_kafka

SENDERS = {"http": over_http.send, "grpc": over_grpc.send, "kafka": over_kafka.send, "amqp": over_amqp.send}

printing = threading.Lock()


def report(**what):
    with printing:
        print(json.dumps(what), flush=True)


def send_to(hops):
    """Sends to the first of the hops, with the others in the body."""
    if hops:
        SENDERS[hops[0]["by"]](hops[0], json.dumps({"hops": hops[1:]}))


def received(by, header, body):
    """Reports what has arrived, and sends it on. `header` returns all values of a header."""
    span = trace.get_current_span().get_span_context()
    report(
        received=by,
        traceparent=header("traceparent"),
        tenant=header("tenant"),
        baggage=dict(baggage.get_all()),
        tracestate=span.trace_state.to_header(),
        trace=f"{span.trace_id:032x}",
        span=f"{span.span_id:016x}",
        sampled=span.trace_flags.sampled,
        body=body,
    )
    if body:
        send_to(json.loads(body).get("hops", []))


def obey(line):
    command = json.loads(line)
    parent = propagate.extract(command.get("carrier", {}), context.Context())
    for key, value in command.get("baggage", {}).items():
        parent = baggage.set_baggage(key, value, parent)
    token = context.attach(parent)
    send_to(command["hops"])
    context.detach(token)
    report(done=True)


def main():
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    ports = {"http": over_http.serve(received), "grpc": over_grpc.serve(received)}
    over_kafka.receive(os.environ["PEER_TOPIC"], received)
    over_amqp.receive(os.environ["PEER_QUEUE"], received)
    report(**ports)
    for line in sys.stdin:
        obey(line)
    provider.shutdown()
    sys.stdout.flush()
    # Threads that receive are still waiting.
    os._exit(0)


main()
