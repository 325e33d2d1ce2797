import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.sql.DriverManager;

/** JDBC. */
final class OverSql {
    static void send(JsonNode hop, String body) throws Exception {
        URI url = URI.create(System.getenv("TEST_POSTGRES_URL"));
        String address = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
        try (var connection = DriverManager.getConnection(address, url.getUserInfo(), "");
                var statement = connection.prepareStatement(hop.get("to").asText());
                var rows = statement.executeQuery()) {
            while (rows.next()) {}
        }
    }
}
