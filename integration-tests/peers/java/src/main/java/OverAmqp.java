import com.fasterxml.jackson.databind.JsonNode;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** amqp-client. */
final class OverAmqp {
    private static Channel open() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("AMQP_URL"));
        return factory.newConnection().createChannel();
    }

    static void receive(String queue) throws Exception {
        Channel channel = open();
        channel.queueDeclare(queue, false, false, false, null);
        channel.basicConsume(queue, false, new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body)
                    throws IOException {
                Map<String, Object> headers = properties.getHeaders();
                try {
                    String text = new String(body, StandardCharsets.UTF_8);
                    Peer.received("amqp", key -> values(headers, key), text);
                } catch (Exception error) {
                    throw new IOException(error);
                }
                channel.basicAck(envelope.getDeliveryTag(), false);
            }
        });
    }

    private static List<String> values(Map<String, Object> headers, String key) {
        Object value = headers == null ? null : headers.get(key);
        return value == null ? List.of() : List.of(value.toString());
    }

    static void send(JsonNode hop, String body) throws Exception {
        Channel channel = open();
        channel.confirmSelect();
        BasicProperties properties = new BasicProperties.Builder().headers(Map.of("tenant", "7")).build();
        for (int number = 0; number < Math.max(hop.path("count").asInt(), 1); number++) {
            channel.basicPublish("", hop.get("to").asText(), properties, body.getBytes(StandardCharsets.UTF_8));
        }
        channel.waitForConfirmsOrDie();
        channel.getConnection().close();
    }
}
