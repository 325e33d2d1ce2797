"""One end of the gRPC service shop.v1.Stock, in Python, traced by OpenTelemetry's own instrumentation.

    peer.py client HOST:PORT   makes three calls, then prints its spans
    peer.py server             prints its port, serves until its input ends, then prints its spans

Each span is printed as one line of JSON. Messages are encoded by hand, so that the program needs no compiler for .proto files.
"""

import pathlib
import sys
from concurrent import futures

import grpc
from opentelemetry import trace
from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient, GrpcInstrumentorServer

sys.path.append(str(pathlib.Path(__file__).parent.parent))
import recorded_spans  # noqa: E402

SERVICE = "shop.v1.Stock"
TIMEOUT = 10


def message(sku, quantity):
    text = sku.encode()
    return bytes([0x0A, len(text)]) + text + bytes([0x10, quantity])


def sku_of(item):
    return item[2 : 2 + item[1]].decode()


def call(address):
    with grpc.insecure_channel(address) as channel, trace.get_tracer("peer").start_as_current_span("order"):
        check = channel.unary_unary(f"/{SERVICE}/Check")
        assert check(message("A-7", 2), timeout=TIMEOUT)
        try:
            check(message("missing", 2), timeout=TIMEOUT)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.NOT_FOUND, error
        watch = channel.unary_stream(f"/{SERVICE}/Watch")
        try:
            for _ in watch(message("broken", 2), timeout=TIMEOUT):
                pass
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.INTERNAL, error


def check(item, context):
    if sku_of(item) == "missing":
        context.abort(grpc.StatusCode.NOT_FOUND, "no such sku")
    return message("A-7", 3)


def watch(item, context):
    for quantity in range(3):
        yield message("A-7", quantity)
    if sku_of(item) == "broken":
        context.abort(grpc.StatusCode.INTERNAL, "shelf fell over")


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    handlers = {
        "Check": grpc.unary_unary_rpc_method_handler(check),
        "Watch": grpc.unary_stream_rpc_method_handler(watch),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(TIMEOUT).wait()


def main():
    recorded_spans.record()
    GrpcInstrumentorClient().instrument()
    GrpcInstrumentorServer().instrument()
    if sys.argv[1] == "client":
        call(sys.argv[2])
    else:
        serve()
    recorded_spans.print_spans()


main()
