import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONWriter;
import com.alibaba.otter.canal.connector.core.producer.MQMessageUtils;
import com.alibaba.otter.canal.protocol.FlatMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.formats.avro.registry.confluent.ConfluentRegistryAvroDeserializationSchema;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/**
 * Reads records with the classes of consumers, and asks the code of other producers for their partitions.
 *
 * <p>Arguments: address of the registry, a file of records, a file for what is read. A line of records is the reader, the
 * number of partitions, and key and value in hexadecimal digits; for each there is a line of JSON: its partition, and the row
 * where the reader gives one. Bytes are an object of their digits.
 */
public final class Consumers {
    private static final HexFormat HEX = HexFormat.of();

    private final String registry;
    private final CachedSchemaRegistryClient client;
    private final Map<Integer, ConfluentRegistryAvroDeserializationSchema<GenericRecord>> readers = new HashMap<>();

    private Consumers(String registry) {
        this.registry = registry;
        this.client = new CachedSchemaRegistryClient(registry, 1000);
    }

    public static void main(String[] arguments) throws Exception {
        Consumers consumers = new Consumers(arguments[0]);
        List<String> out = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            String[] parts = line.split("\t");
            Map<String, Object> read =
                    consumers.read(parts[0], Integer.parseInt(parts[1]), bytes(parts[2]), bytes(parts[3]));
            out.add(new String(
                    JSON.toJSONBytes(read, JSONWriter.Feature.WriteMapNullValue), StandardCharsets.UTF_8));
        }
        Files.write(Path.of(arguments[2]), out);
    }

    private Map<String, Object> read(String reader, int partitions, byte[] key, byte[] value) throws Exception {
        Map<String, Object> read = new LinkedHashMap<>();
        switch (reader) {
            case "canal" -> {
                // as KafkaCanalConnector reads it
                FlatMessage message = JSON.parseObject(new String(value, StandardCharsets.UTF_8), FlatMessage.class);
                FlatMessage[] sent = MQMessageUtils.messagePartition(message, partitions, ".*\\..*:$pk$", true);
                for (int partition = 0; partition < sent.length; partition++) {
                    if (sent[partition] != null) {
                        read.put("partition", partition);
                    }
                }
                read.put("row", message.getData().get(0));
            }
            case "confluent" -> {
                read.put("partition", key == null ? 0 : BuiltInPartitioner.partitionForKey(key, partitions));
                read.put("row", value == null ? null : shown(framed(value)));
            }
            case "kafka" -> read.put("partition", key == null ? 0 : BuiltInPartitioner.partitionForKey(key, partitions));
            default -> throw new IllegalArgumentException(reader);
        }
        return read;
    }

    /** With the schema that the record was written with. */
    private GenericRecord framed(byte[] value) throws Exception {
        int id = ByteBuffer.wrap(value, 1, 4).getInt();
        var reader = readers.get(id);
        if (reader == null) {
            Schema schema = new Schema.Parser().parse(client.getSchemaById(id).canonicalString());
            reader = ConfluentRegistryAvroDeserializationSchema.forGeneric(schema, registry);
            readers.put(id, reader);
        }
        return reader.deserialize(value);
    }

    private static Object shown(Object value) {
        if (value instanceof GenericRecord record) {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (Schema.Field field : record.getSchema().getFields()) {
                fields.put(field.name(), shown(record.get(field.pos())));
            }
            return fields;
        } else if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return Map.of("bytes", HEX.formatHex(bytes));
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

    private static byte[] bytes(String digits) {
        return digits.equals("-") ? null : HEX.parseHex(digits);
    }
}
