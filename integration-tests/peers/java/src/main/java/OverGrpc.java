import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The service peer.v1.Relay. Its messages are those of the well-known type StringValue. */
final class OverGrpc {
    private static final MethodDescriptor<StringValue, StringValue> PASS =
            MethodDescriptor.<StringValue, StringValue>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("peer.v1.Relay/Pass")
                    .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                    .build();
    private static final Context.Key<Metadata> METADATA = Context.key("metadata");

    static int serve() throws Exception {
        ServerServiceDefinition relay = ServerServiceDefinition.builder("peer.v1.Relay")
                .addMethod(PASS, ServerCalls.asyncUnaryCall(OverGrpc::relay))
                .build();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(ServerInterceptors.intercept(relay, new KeepMetadata()))
                .build()
                .start();
        return server.getPort();
    }

    private static void relay(StringValue request, StreamObserver<StringValue> answer) {
        try {
            Peer.received("grpc", OverGrpc::values, request.getValue());
            answer.onNext(StringValue.of("relayed"));
            answer.onCompleted();
        } catch (Exception error) {
            answer.onError(error);
        }
    }

    private static List<String> values(String key) {
        var all = METADATA.get().getAll(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
        List<String> values = new ArrayList<>();
        if (all != null) {
            all.forEach(values::add);
        }
        return values;
    }

    private static final class KeepMetadata implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return Contexts.interceptCall(Context.current().withValue(METADATA, headers), call, headers, next);
        }
    }

    static void send(JsonNode hop, String body) {
        String[] address = hop.get("to").asText().split(":");
        var channel = NettyChannelBuilder.forAddress(address[0], Integer.parseInt(address[1])).usePlaintext().build();
        ClientCalls.blockingUnaryCall(channel, PASS, CallOptions.DEFAULT, StringValue.of(body));
        channel.shutdown();
    }
}
