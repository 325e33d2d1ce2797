"""Receives traces by OTLP over HTTP (protobuf, port 4318).

    receiver.py keep                    keeps the latest and answers Jaeger's query API on port 16686
    receiver.py forward --config=FILE   passes each request on to the otlphttp exporter of a Collector's configuration
"""

import collections
import gzip
import html
import json
import re
import signal
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_TRACES = 2000
KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]

lock = threading.Lock()
# Trace id -> the trace's spans as Jaeger's query API shows them, each with its process.
traces = collections.OrderedDict()


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a protobuf message, as (number, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            if kind == 2:
                size, at = varint(data, at)
            else:
                size = {1: 8, 5: 4}[kind]
            value, at = data[at : at + size], at + size
            if len(value) != size:
                raise ValueError("a field is cut off")
            if kind != 2:
                value = int.from_bytes(value, "little")
        yield key >> 3, value


def first(message, number, default=b""):
    return next((value for field, value in fields(message) if field == number), default)


def attributes(message, number):
    """The attributes in field `number` that are text, numbers or truth values."""
    found = {}
    for field, pair in fields(message):
        if field == number:
            value = next(fields(first(pair, 2)), (0, None))
            if value[0] in (1, 2, 3):
                text = value[1].decode() if value[0] == 1 else value[1]
                found[first(pair, 1).decode()] = bool(text) if value[0] == 2 else text
    return found


def tags(values):
    return [{"key": key, "type": "string", "value": str(value)} for key, value in values.items()]


def read_span(span, service, resource):
    trace, parent = first(span, 1).hex(), first(span, 4).hex()
    reference = {"refType": "CHILD_OF", "traceID": trace, "spanID": parent}
    started, ended = first(span, 7, 0), first(span, 8, 0)
    kind = KINDS[min(first(span, 6, 0), 5)]
    return {
        "traceID": trace,
        "spanID": first(span, 2).hex(),
        "operationName": first(span, 5).decode(),
        "references": [reference] if parent else [],
        "startTime": started // 1000,
        "duration": (ended - started) // 1000,
        "tags": tags({**attributes(span, 9), "span.kind": kind}),
        "process": {"serviceName": service, "tags": tags(resource)},
    }


def read_request(body):
    """All spans of an ExportTraceServiceRequest."""
    for resource_spans in (value for number, value in fields(body) if number == 1):
        resource = attributes(first(resource_spans, 1), 1)
        service = resource.pop("service.name", "unknown_service")
        for scope_spans in (value for number, value in fields(resource_spans) if number == 2):
            for span in (value for number, value in fields(scope_spans) if number == 2):
                yield read_span(span, service, resource)


def keep(body):
    spans = list(read_request(body))
    with lock:
        for span in spans:
            traces.setdefault(span["traceID"], []).append(span)
        while len(traces) > MAX_TRACES:
            traces.popitem(last=False)


def forward(endpoint):
    def send(body):
        headers = {"Content-Type": "application/x-protobuf"}
        urllib.request.urlopen(urllib.request.Request(endpoint, body, headers), timeout=10).close()

    return send


def show(trace, spans):
    processes = {f"p{number}": span["process"] for number, span in enumerate(spans, 1)}
    shown = [
        {**{key: value for key, value in span.items() if key != "process"}, "processID": f"p{number}"}
        for number, span in enumerate(spans, 1)
    ]
    return {"traceID": trace, "spans": shown, "processes": processes}


def query(path, wanted_service):
    """What Jaeger's query API answers, or None when there is nothing such."""
    with lock:
        kept = {trace: list(spans) for trace, spans in traces.items()}
    if path == "/api/services":
        return sorted({span["process"]["serviceName"] for spans in kept.values() for span in spans})
    if path == "/api/traces":
        latest = reversed(kept.items())
        of_service = [
            show(trace, spans)
            for trace, spans in latest
            if wanted_service in {span["process"]["serviceName"] for span in spans}
        ]
        return of_service[:20]
    trace = path.removeprefix("/api/traces/")
    return [show(trace, kept[trace])] if trace in kept else None


def page():
    with lock:
        latest = list(reversed(traces.items()))[:50]
    rows = "".join(
        f'<li><a href="/api/traces/{trace}">{html.escape(spans[0]["operationName"])}</a>: {len(spans)} spans of '
        + html.escape(", ".join(sorted({span["process"]["serviceName"] for span in spans})))
        for trace, spans in latest
    )
    return f"<!doctype html><title>Traces</title><p>A stand-in for Jaeger: the latest traces.<ul>{rows}</ul>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: each request a line would hide what matters."""


class Receiver(Handler):
    take = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            self.take(body)
        except Exception as error:
            print(f"a request was not taken: {error!r}", file=sys.stderr)
            self.answer(503 if isinstance(error, OSError) else 400, "text/plain", b"not taken")
            return
        self.answer(200, "application/x-protobuf", b"")


class Query(Handler):
    def do_GET(self):
        path, _, arguments = self.path.partition("?")
        if path == "/":
            self.answer(200, "text/html; charset=utf-8", page().encode())
            return
        service = re.search(r"(?:^|&)service=([^&]*)", arguments)
        data = query(path, service[1] if service else None)
        body = json.dumps({"data": data, "errors": None if data is not None else [{"code": 404, "msg": "trace not found"}]})
        self.answer(404 if data is None else 200, "application/json", body.encode())


def main():
    # The first process of a container ends by SIGTERM only when it says so.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if sys.argv[1] == "forward":
        with open(sys.argv[2].removeprefix("--config=")) as config:
            endpoint = re.search(r"otlphttp\S*:\s+endpoint:\s*(\S+)", config.read())[1]
        Receiver.take = staticmethod(forward(endpoint + "/v1/traces"))
    else:
        Receiver.take = staticmethod(keep)
        threading.Thread(target=ThreadingHTTPServer(("", 16686), Query).serve_forever, daemon=True).start()
    print("receiving OTLP over HTTP on port 4318")
    ThreadingHTTPServer(("", 4318), Receiver).serve_forever()


main()
