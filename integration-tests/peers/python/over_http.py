"""The server is an ASGI application under uvicorn, and the client requests."""

import asyncio
import socket
import threading

import requests
import uvicorn
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.requests import RequestsInstrumentor

RequestsInstrumentor().instrument()


def serve(received):
    async def application(scope, receive, send):
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)

        def values(key):
            return [value.decode() for name, value in scope["headers"] if name == key.encode()]

        await asyncio.to_thread(received, "http", values, body.decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"relayed"})

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(OpenTelemetryMiddleware(application), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    return listener.getsockname()[1]


def send(hop, body):
    requests.post(hop["to"], data=body, timeout=20).raise_for_status()
