import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONWriter;
import com.alibaba.otter.canal.connector.core.producer.MQMessageUtils;
import com.alibaba.otter.canal.protocol.FlatMessage;
import io.apicurio.registry.serde.SerdeConfig;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.RestService;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaString;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads records with the classes of consumers, and asks the code of other producers for their partitions.
 *
 * <p>Arguments: address of the registry's interface that is Confluent's, a file of records, a file for what is read. A line of
 * records is `T`, a number and a row type in Flink's SQL, or the reader, the number of partitions, the number of a type (for a
 * table of Flink, whose readers are called as the formats are there), and key and value in hexadecimal digits. For each record
 * there is a line of JSON: its partition, and `before` and `after`, the images of the row that the reader gives, or `failure`,
 * what it says instead. Bytes are an object of their digits.
 */
public final class Consumers {
    private static final HexFormat HEX = HexFormat.of();

    private final FlinkTables tables;
    private final Connect connect;
    private final Map<String, Deserializer<?>> deserializers;

    private Consumers(String registry) {
        String host = registry.substring(0, registry.indexOf("/apis/"));
        String own = host + "/apis/registry/v2";
        tables = new FlinkTables(registry);
        connect = new Connect(own);
        deserializers = Map.of("confluent", confluent(registry), "apicurio", apicurio(own));
    }

    private static Deserializer<?> confluent(String registry) {
        // this release ends at the member that tells schemas of Avro from others, which it did not know yet
        RestService service = new RestService(registry) {
            @Override
            public SchemaString getId(int id) throws IOException {
                URI uri = URI.create(registry + "/schemas/ids/" + id);
                return new SchemaString(JSON.parseObject(uri.toURL()).getString("schema"));
            }
        };
        return new KafkaAvroDeserializer(new CachedSchemaRegistryClient(service, 1000));
    }

    /** Reads numbers as Confluent's does: four bytes, and by them the content. */
    private static Deserializer<?> apicurio(String registry) {
        var deserializer = new AvroKafkaDeserializer<GenericRecord>();
        deserializer.configure(
                Map.of(
                        SerdeConfig.REGISTRY_URL, registry,
                        SerdeConfig.ENABLE_CONFLUENT_ID_HANDLER, true,
                        SerdeConfig.USE_ID, "contentId"),
                false);
        return deserializer;
    }

    public static void main(String[] arguments) throws Exception {
        Consumers consumers = new Consumers(arguments[0]);
        List<String> out = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            String[] parts = line.split("\t");
            if (parts[0].equals("T")) {
                consumers.tables.declare(parts[1], parts[2]);
                continue;
            }
            Map<String, Object> read = new LinkedHashMap<>();
            try {
                consumers.read(parts[0], Integer.parseInt(parts[1]), parts[2], bytes(parts[3]), bytes(parts[4]), read);
            } catch (Exception failure) {
                Throwable cause = failure;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                read.put("failure", cause.toString());
            }
            out.add(new String(
                    JSON.toJSONBytes(read, JSONWriter.Feature.WriteMapNullValue), StandardCharsets.UTF_8));
        }
        Files.write(Path.of(arguments[2]), out);
    }

    private void read(String reader, int partitions, String type, byte[] key, byte[] value, Map<String, Object> read)
            throws Exception {
        // rows of json are sent to a partition of their table
        if (!reader.startsWith("canal") && !reader.equals("json")) {
            read.put("partition", key == null ? 0 : BuiltInPartitioner.partitionForKey(key, partitions));
        }
        switch (reader) {
            case "canal" -> canal(new String(value, StandardCharsets.UTF_8), partitions, read);
            case "confluent", "apicurio" -> avro((GenericRecord) deserializers.get(reader).deserialize("topic", value), read);
            case "serde" -> connect.serde(value, read);
            case "unwrap-json", "unwrap-avro" -> connect.unwrap(reader, key, value, read);
            default -> tables.read(reader, type, value, read);
        }
    }

    /** As KafkaCanalConnector reads it. Of an update, `old` has the columns that it changed. */
    private static void canal(String text, int partitions, Map<String, Object> read) {
        FlatMessage message = JSON.parseObject(text, FlatMessage.class);
        FlatMessage[] sent = MQMessageUtils.messagePartition(message, partitions, ".*\\..*:$pk$", true);
        for (int partition = 0; partition < sent.length; partition++) {
            if (sent[partition] != null) {
                read.put("partition", partition);
            }
        }
        Map<String, String> row = message.getData().get(0);
        read.put(message.getType().equals("DELETE") ? "before" : "after", row);
        if (message.getType().equals("UPDATE")) {
            Map<String, String> before = new LinkedHashMap<>(row);
            before.putAll(message.getOld().get(0));
            read.put("before", before);
        }
    }

    /** The envelope of a change, or the row by itself, whose delete has the row that was. */
    private static void avro(GenericRecord record, Map<String, Object> read) {
        if (record == null) {
            return;
        } else if (record.hasField("transaction")) {
            read.put("before", shown(record.get("before")));
            read.put("after", shown(record.get("after")));
        } else {
            read.put((boolean) record.get("__deleted") ? "before" : "after", shown(record));
        }
    }

    /** A value of Avro as one of JSON. */
    static Object shown(Object value) {
        if (value instanceof GenericRecord record) {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (Schema.Field field : record.getSchema().getFields()) {
                fields.put(field.name(), shown(record.get(field.pos())));
            }
            return fields;
        } else if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return digits(bytes);
        } else if (value instanceof Collection<?> items) {
            List<Object> all = new ArrayList<>();
            items.forEach(item -> all.add(shown(item)));
            return all;
        } else if (value instanceof CharSequence text) {
            return text.toString();
        } else if (value instanceof Float || value instanceof Double) {
            // its own digits, not those of the printer
            return value.toString();
        }
        return value;
    }

    static Object digits(byte[] bytes) {
        return Map.of("bytes", HEX.formatHex(bytes));
    }

    private static byte[] bytes(String digits) {
        return digits.equals("-") ? null : HEX.parseHex(digits);
    }
}
