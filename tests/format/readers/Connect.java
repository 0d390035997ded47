import io.apicurio.registry.serde.SerdeConfig;
import io.apicurio.registry.utils.converter.AvroConverter;
import io.debezium.serde.DebeziumSerdes;
import io.debezium.transforms.ExtractNewRecordState;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;

/** The images that Debezium's serde takes out of a message, and the rows that its transform leaves behind a converter of Connect. */
final class Connect {
    private final ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
    private final Map<String, Converter> keys;
    private final Map<String, Converter> values;
    private final Map<String, Deserializer<Map<String, Object>>> images;

    Connect(String registry) {
        unwrap.configure(Map.of("delete.tombstone.handling.mode", "rewrite"));
        keys = Map.of("unwrap-json", json(true), "unwrap-avro", avro(registry, true));
        values = Map.of("unwrap-json", json(false), "unwrap-avro", avro(registry, false));
        images = Map.of("before", serde("before"), "after", serde("after"));
    }

    private static Converter json(boolean isKey) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), isKey);
        return converter;
    }

    private static Converter avro(String registry, boolean isKey) {
        AvroConverter<Object> converter = new AvroConverter<>();
        converter.configure(
                Map.of(
                        SerdeConfig.REGISTRY_URL, registry,
                        SerdeConfig.ENABLE_CONFLUENT_ID_HANDLER, true,
                        SerdeConfig.USE_ID, "contentId"),
                isKey);
        return converter;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Deserializer<Map<String, Object>> serde(String image) {
        var serde = DebeziumSerdes.payloadJson((Class<Map<String, Object>>) (Class) Map.class);
        serde.configure(Map.of("from.field", image), false);
        return serde.deserializer();
    }

    /** Puts the images into {@code read}. A record without a value has none. */
    void serde(byte[] value, Map<String, Object> read) {
        images.forEach((image, reader) -> {
            Map<String, Object> row = reader.deserialize("topic", value);
            if (row != null) {
                read.put(image, shown(row));
            }
        });
    }

    /** Puts the row into {@code read}: the one after a change, or that of a delete; and the key, of tombstones too. */
    void unwrap(String form, byte[] key, byte[] value, Map<String, Object> read) {
        SchemaAndValue of = keys.get(form).toConnectData("topic", key);
        SchemaAndValue change = values.get(form).toConnectData("topic", value);
        read.put("key", shown(of.value()));
        SourceRecord flat = unwrap.apply(
                new SourceRecord(null, null, "topic", 0, of.schema(), of.value(), change.schema(), change.value()));
        if (flat == null || flat.value() == null) {
            if (change.value() != null) {
                throw new IllegalStateException("a row was dropped");
            }
            return;
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> row = (Map<String, Object>) shown(flat.value());
        read.put(row.remove("__deleted").equals("true") ? "before" : "after", row);
    }

    /** A value of Connect, or of Java's own JSON, as one that is printed without loss. */
    private static Object shown(Object value) {
        if (value instanceof Struct struct) {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (Field field : struct.schema().fields()) {
                // not `get`, which has the default in the place of NULL
                fields.put(field.name(), shown(struct.getWithoutDefault(field.name())));
            }
            return fields;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, Object> fields = new LinkedHashMap<>();
            map.forEach((name, of) -> fields.put((String) name, shown(of)));
            return fields;
        } else if (value instanceof byte[] bytes) {
            return Consumers.digits(bytes);
        } else if (value instanceof BigDecimal number) {
            return number.toPlainString();
        }
        return Consumers.shown(value);
    }
}
