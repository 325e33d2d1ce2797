import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.baggage.BaggageBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A peer in Java, traced by the Java agent. ../README.md says what it does. */
public final class Peer {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    interface Sender {
        void send(JsonNode hop, String body) throws Exception;
    }

    private static final Map<String, Sender> SENDERS =
            Map.of(
                    "http", OverHttp::send,
                    "grpc", OverGrpc::send,
                    "kafka", OverKafka::send,
                    "amqp", OverAmqp::send,
                    "sql", OverSql::send);

    static synchronized void report(ObjectNode what) {
        OUT.println(what);
    }

    /** Sends to the first of the hops, with the others in the body. */
    static void sendTo(JsonNode hops) throws Exception {
        if (hops.isEmpty()) {
            return;
        }
        ArrayNode others = JSON.createArrayNode();
        for (int at = 1; at < hops.size(); at++) {
            others.add(hops.get(at));
        }
        JsonNode first = hops.get(0);
        SENDERS.get(first.get("by").asText()).send(first, JSON.createObjectNode().set("hops", others).toString());
    }

    /** Reports what has arrived, and sends it on. {@code header} returns all values of a header. */
    static void received(String by, Function<String, List<String>> header, String body) throws Exception {
        SpanContext span = Span.current().getSpanContext();
        ObjectNode members = JSON.createObjectNode();
        Baggage.current().forEach((key, entry) -> members.put(key, entry.getValue()));
        List<String> state = new ArrayList<>();
        span.getTraceState().forEach((key, value) -> state.add(key + "=" + value));
        ObjectNode what = JSON.createObjectNode();
        what.put("received", by);
        what.set("traceparent", JSON.valueToTree(header.apply("traceparent")));
        what.set("tenant", JSON.valueToTree(header.apply("tenant")));
        what.set("baggage", members);
        what.put("tracestate", String.join(",", state));
        what.put("trace", span.getTraceId());
        what.put("span", span.getSpanId());
        what.put("sampled", span.isSampled());
        what.put("body", body);
        report(what);
        if (!body.isEmpty()) {
            sendTo(JSON.readTree(body).path("hops"));
        }
    }

    private static void obey(String line) throws Exception {
        JsonNode command = JSON.readTree(line);
        Context parent = GlobalOpenTelemetry.getPropagators()
                .getTextMapPropagator()
                .extract(Context.root(), command.path("carrier"), new Carrier());
        BaggageBuilder members = Baggage.fromContext(parent).toBuilder();
        command.path("baggage").fields().forEachRemaining(it -> members.put(it.getKey(), it.getValue().asText()));
        try (var scope = parent.with(members.build()).makeCurrent()) {
            sendTo(command.get("hops"));
        }
        report(JSON.createObjectNode().put("done", true));
    }

    private static final class Carrier implements TextMapGetter<JsonNode> {
        @Override
        public Iterable<String> keys(JsonNode carrier) {
            return carrier::fieldNames;
        }

        @Override
        public String get(JsonNode carrier, String key) {
            return carrier.path(key).asText(null);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ObjectNode ports = JSON.createObjectNode();
        ports.put("http", OverHttp.serve());
        ports.put("grpc", OverGrpc.serve());
        OverKafka.receive(System.getenv("PEER_TOPIC"));
        OverAmqp.receive(System.getenv("PEER_QUEUE"));
        report(ports);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            obey(line);
        }
        // The agent exports the last spans when the program ends.
        System.exit(0);
    }
}
