"""Reads and writes contexts with the propagators that other vendors publish.

    peer.py http URL               serves on a port, which it prints, until its input ends. A request to /FORMAT is answered with
                                   what was read from its headers, after a request to URL/FORMAT with headers of a new span.
    peer.py kafka BROKERS FROM TO  does the same for each message of the topic FROM, until there is one for each format. The
                                   key of a message is the format. It sends a message to TO and prints what it has read.

What was read is one line of JSON: the ids, whether the trace is sampled, the baggage, and the id of the new span.
"""

import http.server
import json
import os
import random
import sys
import threading
import urllib.request

os.environ["DD_TRACE_PROPAGATION_STYLE"] = "datadog"
os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"

from ddtrace.propagation.http import HTTPPropagator  # noqa: E402
from ddtrace.trace import Context as DatadogContext  # noqa: E402
from opentelemetry import baggage, trace  # noqa: E402
from opentelemetry.propagators.aws import AwsXRayPropagator  # noqa: E402
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat  # noqa: E402
from opentelemetry.propagators.jaeger import JaegerPropagator  # noqa: E402
from opentelemetry.propagators.ot_trace import OTTracePropagator  # noqa: E402

PROPAGATORS = {
    "b3": B3SingleFormat(),
    "b3multi": B3MultiFormat(),
    "jaeger": JaegerPropagator(),
    "xray": AwsXRayPropagator(),
    "ottrace": OTTracePropagator(),
}
FORMATS = len(PROPAGATORS) + 1
TIMEOUT = 30


def carry_on(name, headers):
    """Returns what `headers` say, and the headers of a span below it."""
    span_id = random.getrandbits(63) | 1
    if name == "datadog":
        context = HTTPPropagator.extract(headers)
        read = {
            "trace_id": f"{context.trace_id:032x}",
            "parent": f"{context.span_id:016x}",
            "sampled": (context.sampling_priority or 0) > 0,
            "baggage": {},
            "priority": context.sampling_priority,
            "origin": context.dd_origin,
        }
        below = DatadogContext(
            trace_id=context.trace_id,
            span_id=span_id,
            sampling_priority=context.sampling_priority,
            dd_origin=context.dd_origin,
            meta=dict(context._meta),
        )
        sent = {}
        HTTPPropagator.inject(below, sent)
    else:
        propagator = PROPAGATORS[name]
        # Its default getter looks names up as they are written.
        context = propagator.extract({key.lower(): value for key, value in headers.items()}, getter=Getter())
        span = trace.get_current_span(context).get_span_context()
        read = {
            "trace_id": f"{span.trace_id:032x}",
            "parent": f"{span.span_id:016x}",
            "sampled": bool(span.trace_flags.sampled),
            "baggage": dict(baggage.get_all(context)),
        }
        below = trace.SpanContext(span.trace_id, span_id, True, span.trace_flags)
        sent = {}
        propagator.inject(sent, context=trace.set_span_in_context(trace.NonRecordingSpan(below), context))
    read["span_id"] = f"{span_id:016x}"
    return read, sent


class Getter:
    def get(self, carrier, key):
        value = carrier.get(key.lower())
        return None if value is None else [value]

    def keys(self, carrier):
        return list(carrier)


def serve(url):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.strip("/")
            read, sent = carry_on(name, dict(self.headers.items()))
            request = urllib.request.Request(f"{url}/{name}", headers=sent)
            urllib.request.urlopen(request, timeout=TIMEOUT).read()
            body = json.dumps(read).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


def relay(brokers, source, target):
    from confluent_kafka import Consumer, Producer

    consumer = Consumer({"bootstrap.servers": brokers, "group.id": source, "auto.offset.reset": "earliest"})
    producer = Producer({"bootstrap.servers": brokers})
    consumer.subscribe([source])
    for _ in range(FORMATS):
        message = consumer.poll(TIMEOUT)
        assert message is not None and message.error() is None, message
        headers = {key: value.decode() for key, value in message.headers()}
        name = message.key().decode()
        read, sent = carry_on(name, headers)
        producer.produce(target, b"x", key=name, headers=[(key, value.encode()) for key, value in sent.items()])
        print(json.dumps({"format": name, **read}))
    assert producer.flush(TIMEOUT) == 0
    consumer.close()


if __name__ == "__main__":
    {"http": serve, "kafka": relay}[sys.argv[1]](*sys.argv[2:])
