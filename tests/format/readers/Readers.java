import io.debezium.transforms.ExtractNewRecordState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.canal.CanalJsonDeserializationSchema;
import org.apache.flink.formats.json.debezium.DebeziumJsonDeserializationSchema;
import org.apache.flink.formats.json.maxwell.MaxwellJsonDeserializationSchema;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Rebuilds the rows of tables from records, with the classes of Flink or of Kafka Connect and Debezium.
 *
 * <p>Arguments: the reader, a file of records, a file for the rows. A line of records is `T`, a table and its type in Flink's
 * SQL, or `R`, key and value of a record of that table in hexadecimal digits. A line of rows is the table and its values.
 */
public final class Readers {
    private static final HexFormat HEX = HexFormat.of();

    private final Map<String, TreeMap<String, Integer>> rows = new TreeMap<>();

    public static void main(String[] arguments) throws Exception {
        Readers readers = new Readers();
        List<String> lines = Files.readAllLines(Path.of(arguments[1]));
        if (arguments[0].equals("connect")) {
            readers.connect(lines);
        } else {
            readers.flink(arguments[0], lines);
        }
        List<String> out = new ArrayList<>();
        readers.rows.forEach((table, rows) -> rows.forEach((row, n) -> {
            for (int i = 0; i < n; i++) {
                out.add(text(table) + "\t" + row);
            }
        }));
        Files.write(Path.of(arguments[2]), out);
    }

    private void flink(String format, List<String> lines) throws Exception {
        String table = null;
        RowType type = null;
        DeserializationSchema<RowData> reader = null;
        for (String line : lines) {
            String[] parts = line.split("\t");
            if (parts[0].equals("T")) {
                table = parts[1];
                type = (RowType) LogicalTypeParser.parse(parts[2], Readers.class.getClassLoader());
                reader = reader(format, type);
                reader.open(null);
                continue;
            }
            RowType of = type;
            TreeMap<String, Integer> state = rows.computeIfAbsent(table, name -> new TreeMap<>());
            String name = table;
            reader.deserialize(bytes(parts[2]), new Collector<RowData>() {
                @Override
                public void collect(RowData row) {
                    boolean comes = row.getRowKind() == RowKind.INSERT || row.getRowKind() == RowKind.UPDATE_AFTER;
                    count(name, state, shown(of, row), comes);
                }

                @Override
                public void close() {}
            });
        }
    }

    private static DeserializationSchema<RowData> reader(String format, RowType type) {
        var data = TypeConversions.fromLogicalToDataType(type);
        var info = InternalTypeInfo.<RowData>of(type);
        return switch (format) {
            case "canal" -> CanalJsonDeserializationSchema.builder(data, List.of(), info)
                    .setTimestampFormat(TimestampFormat.SQL)
                    .setIgnoreParseErrors(false)
                    .build();
            case "maxwell" -> new MaxwellJsonDeserializationSchema(data, List.of(), info, false, TimestampFormat.SQL);
            case "debezium" -> new DebeziumJsonDeserializationSchema(
                    data, List.of(), info, false, false, TimestampFormat.ISO_8601);
            default -> throw new IllegalArgumentException(format);
        };
    }

    private static String shown(RowType type, RowData row) {
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < type.getFieldCount(); i++) {
            fields.add(value(RowData.createFieldGetter(type.getTypeAt(i), i).getFieldOrNull(row)));
        }
        return String.join("\t", fields);
    }

    /** Rows by their keys, as the transform leaves them; a delete is an `__deleted` row. */
    private void connect(List<String> lines) throws Exception {
        JsonConverter keys = new JsonConverter();
        keys.configure(Map.of("schemas.enable", "true"), true);
        JsonConverter values = new JsonConverter();
        values.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), false);
        ExtractNewRecordState<SourceRecord> unwrap = new ExtractNewRecordState<>();
        unwrap.configure(Map.of("delete.tombstone.handling.mode", "rewrite"));
        Map<String, Map<String, String>> state = new TreeMap<>();
        String table = null;
        for (String line : lines) {
            String[] parts = line.split("\t");
            if (parts[0].equals("T")) {
                table = parts[1];
                continue;
            }
            SchemaAndValue key = keys.toConnectData("t", bytes(parts[1]));
            SchemaAndValue value = values.toConnectData("t", bytes(parts[2]));
            SourceRecord record =
                    new SourceRecord(null, null, "t", 0, key.schema(), key.value(), value.schema(), value.value());
            SourceRecord flat = unwrap.apply(record);
            if (flat == null) {
                if (value.value() != null) {
                    throw new IllegalStateException(table + ": a row was dropped");
                }
                continue;
            }
            Struct row = (Struct) flat.value();
            List<String> fields = new ArrayList<>();
            for (Field field : row.schema().fields()) {
                if (!field.name().equals("__deleted")) {
                    boolean instant = "io.debezium.time.ZonedTimestamp".equals(field.schema().name());
                    Object of = row.get(field);
                    fields.add(value(instant && of != null ? Instant.parse((String) of) : of));
                }
            }
            Struct columns = (Struct) key.value();
            StringBuilder names = new StringBuilder();
            for (Field field : columns.schema().fields()) {
                names.append(value(columns.get(field))).append(' ');
            }
            String identity = names.toString();
            Map<String, String> rows = state.computeIfAbsent(table, name -> new TreeMap<>());
            if (row.getString("__deleted").equals("true")) {
                if (rows.remove(identity) == null) {
                    throw new IllegalStateException(table + ": a delete of no row");
                }
            } else {
                rows.put(identity, String.join("\t", fields));
            }
        }
        state.forEach((name, all) -> all.values().forEach(
                row -> count(name, rows.computeIfAbsent(name, it -> new TreeMap<>()), row, true)));
    }

    private static void count(String table, TreeMap<String, Integer> rows, String row, boolean comes) {
        int n = rows.getOrDefault(row, 0) + (comes ? 1 : -1);
        if (n < 0) {
            throw new IllegalStateException(table + ": there is no row to take back");
        }
        if (n == 0) {
            rows.remove(row);
        } else {
            rows.put(row, n);
        }
    }

    /** A value as hexadecimal digits of its text, so that it stands in one line. */
    private static String value(Object value) {
        if (value == null) {
            return "-";
        } else if (value instanceof byte[] bytes) {
            return text(HEX.formatHex(bytes));
        } else if (value instanceof ByteBuffer bytes) {
            return text(HEX.formatHex(bytes.array()));
        } else if (value instanceof Float number) {
            return text(Double.toString(number));
        } else if (value instanceof java.math.BigDecimal number) {
            return text(number.toPlainString());
        } else if (value instanceof TimestampData time) {
            return text(Long.toString(time.getMillisecond() * 1000 + time.getNanoOfMillisecond() / 1000));
        } else if (value instanceof Instant time) {
            return text(Long.toString(ChronoUnit.MICROS.between(Instant.EPOCH, time)));
        } else if (value instanceof ArrayData array) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < array.size(); i++) {
                items.add(array.getString(i).toString());
            }
            return text(String.join(",", items));
        } else if (value instanceof RowData geometry) {
            return text(HEX.formatHex(geometry.getBinary(0)) + "|" + (geometry.isNullAt(1) ? "null" : geometry.getInt(1)));
        } else if (value instanceof Struct geometry) {
            return text(HEX.formatHex(raw(geometry.get("wkb"))) + "|" + geometry.get("srid"));
        }
        return text(value.toString());
    }

    private static byte[] raw(Object bytes) {
        return bytes instanceof ByteBuffer buffer ? buffer.array() : (byte[]) bytes;
    }

    private static String text(String text) {
        return HEX.formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] bytes(String digits) {
        return digits.equals("-") ? null : HEX.parseHex(digits);
    }
}
