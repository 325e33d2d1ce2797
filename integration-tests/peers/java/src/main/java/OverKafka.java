import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** kafka-clients. */
final class OverKafka {
    private static final String BROKERS = System.getenv("KAFKA_BROKERS");

    static void receive(String topic) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", BROKERS, "group.id", topic, "auto.offset.reset", "earliest");
        Thread thread = new Thread(() -> {
            try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
                consumer.subscribe(List.of(topic));
                while (true) {
                    for (ConsumerRecord<String, String> it : consumer.poll(Duration.ofSeconds(1))) {
                        Peer.received("kafka", key -> values(it, key), it.value() == null ? "" : it.value());
                    }
                }
            } catch (Exception error) {
                error.printStackTrace();
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static List<String> values(ConsumerRecord<String, String> message, String key) {
        List<String> values = new ArrayList<>();
        message.headers().headers(key).forEach(it -> values.add(new String(it.value(), StandardCharsets.UTF_8)));
        return values;
    }

    static void send(JsonNode hop, String body) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", BROKERS);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            String value = hop.path("tombstone").asBoolean() ? null : body;
            for (int number = 0; number < Math.max(hop.path("count").asInt(), 1); number++) {
                var message = new ProducerRecord<>(hop.get("to").asText(), "4711", value);
                message.headers().add("tenant", new byte[] {'7'}).add("tenant", new byte[] {'8'});
                producer.send(message).get();
            }
        }
    }
}
