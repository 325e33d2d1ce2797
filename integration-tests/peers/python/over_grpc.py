"""The service peer.v1.Relay. Its messages are those of the well-known type StringValue."""

from concurrent import futures

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient, GrpcInstrumentorServer

GrpcInstrumentorClient().instrument()
GrpcInstrumentorServer().instrument()


def serve(received):
    def relay(request, call):
        metadata = call.invocation_metadata()
        received("grpc", lambda key: [value for name, value in metadata if name == key], request.value)
        return StringValue(value="relayed")

    handler = grpc.unary_unary_rpc_method_handler(relay, StringValue.FromString, StringValue.SerializeToString)
    global server  # It would stop when nothing refers to it.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("peer.v1.Relay", {"Pass": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return port


def send(hop, body):
    with grpc.insecure_channel(hop["to"]) as channel:
        relay = channel.unary_unary("/peer.v1.Relay/Pass", StringValue.SerializeToString, StringValue.FromString)
        relay(StringValue(value=body), timeout=20)
