import java.time.LocalDate;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.formats.avro.AvroRowDataDeserializationSchema;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.registry.confluent.ConfluentRegistryAvroDeserializationSchema;
import org.apache.flink.formats.avro.registry.confluent.debezium.DebeziumAvroDeserializationSchema;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.JsonRowDataDeserializationSchema;
import org.apache.flink.formats.json.canal.CanalJsonDeserializationSchema;
import org.apache.flink.formats.json.debezium.DebeziumJsonDeserializationSchema;
import org.apache.flink.formats.json.maxwell.MaxwellJsonDeserializationSchema;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.util.Collector;

/** The rows that Flink's tables get of a record, by the types that the tables are declared with. */
final class FlinkTables {
    private final String registry;
    private final Map<String, RowType> types = new HashMap<>();
    private final Map<String, DeserializationSchema<RowData>> readers = new HashMap<>();

    FlinkTables(String registry) {
        this.registry = registry;
    }

    void declare(String number, String type) {
        types.put(number, (RowType) LogicalTypeParser.parse(type, FlinkTables.class.getClassLoader()));
    }

    /** Puts the images into {@code read}. A record without a value has none. */
    void read(String format, String number, byte[] value, Map<String, Object> read) throws Exception {
        RowType type = types.get(number);
        DeserializationSchema<RowData> reader = readers.get(format + number);
        if (reader == null) {
            reader = reader(format, type);
            reader.open(null);
            readers.put(format + number, reader);
        }
        reader.deserialize(value, new Collector<RowData>() {
            @Override
            public void collect(RowData row) {
                String image = switch (row.getRowKind()) {
                    case INSERT, UPDATE_AFTER -> "after";
                    case DELETE, UPDATE_BEFORE -> "before";
                };
                Map<String, Object> fields = fields(type, row);
                if (fields.get("__deleted") instanceof Boolean deleted) {
                    // a row by itself, whose delete has the row that was
                    List.of("__op", "__ts_ms", "__deleted").forEach(fields::remove);
                    image = deleted ? "before" : "after";
                }
                if (read.put(image, fields) != null) {
                    throw new IllegalStateException("two rows of one record: " + image);
                }
            }

            @Override
            public void close() {}
        });
    }

    private DeserializationSchema<RowData> reader(String format, RowType type) {
        var data = TypeConversions.fromLogicalToDataType(type);
        var info = InternalTypeInfo.<RowData>of(type);
        return switch (format) {
            case "canal-json" -> CanalJsonDeserializationSchema.builder(data, List.of(), info)
                    .setTimestampFormat(TimestampFormat.SQL)
                    .setIgnoreParseErrors(false)
                    .build();
            case "maxwell-json" ->
                new MaxwellJsonDeserializationSchema(data, List.of(), info, false, TimestampFormat.SQL);
            case "debezium-json", "debezium-json-schemas" -> new DebeziumJsonDeserializationSchema(
                    data, List.of(), info, format.endsWith("-schemas"), false, TimestampFormat.ISO_8601);
            case "json" -> new JsonRowDataDeserializationSchema(type, info, true, false, TimestampFormat.SQL);
            case "avro-confluent" -> {
                // as the table's factory has it: the row itself is not null
                RowType row = (RowType) type.copy(false);
                yield new AvroRowDataDeserializationSchema(
                        ConfluentRegistryAvroDeserializationSchema.forGeneric(
                                AvroSchemaConverter.convertToSchema(row), registry),
                        AvroToRowDataConverters.createRowConverter(row),
                        info);
            }
            case "debezium-avro-confluent" -> new DebeziumAvroDeserializationSchema(type, info, registry, null, null);
            default -> throw new IllegalArgumentException(format);
        };
    }

    private static Map<String, Object> fields(RowType type, RowData row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            Object value = RowData.createFieldGetter(field, i).getFieldOrNull(row);
            fields.put(type.getFieldNames().get(i), value == null ? null : shown(field, value));
        }
        return fields;
    }

    private static Object shown(LogicalType type, Object value) {
        return switch (type.getTypeRoot()) {
            case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT -> value;
            case BINARY, VARBINARY -> Consumers.digits((byte[]) value);
            case DATE -> LocalDate.ofEpochDay((int) value).toString();
            case TIME_WITHOUT_TIME_ZONE ->
                clock("HH:mm:ss", type).format(LocalTime.ofNanoOfDay((int) value * 1_000_000L));
            case TIMESTAMP_WITHOUT_TIME_ZONE ->
                clock("uuuu-MM-dd HH:mm:ss", type).format(((TimestampData) value).toLocalDateTime());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
                clock("uuuu-MM-dd'T'HH:mm:ss", type).format(((TimestampData) value).toLocalDateTime()) + "Z";
            case ARRAY -> {
                LogicalType of = ((ArrayType) type).getElementType();
                ArrayData.ElementGetter getter = ArrayData.createElementGetter(of);
                List<Object> items = new ArrayList<>();
                for (int i = 0; i < ((ArrayData) value).size(); i++) {
                    items.add(shown(of, getter.getElementOrNull((ArrayData) value, i)));
                }
                yield items;
            }
            case ROW -> fields((RowType) type, (RowData) value);
            // as text, so that a printer of JSON does not write numbers its own way
            default -> value.toString();
        };
    }

    /** With so many digits of a fraction as the type has. */
    private static DateTimeFormatter clock(String pattern, LogicalType type) {
        int digits = LogicalTypeChecks.getPrecision(type);
        String fraction = digits == 0 ? "" : "." + "S".repeat(digits);
        return DateTimeFormatter.ofPattern(pattern + fraction);
    }
}
