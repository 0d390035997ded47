import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.SerializerFeature;
import com.aliyun.dts.subscribe.clients.common.NullableOptional;
import com.aliyun.dts.subscribe.clients.record.DefaultUserRecord;
import com.aliyun.dts.subscribe.clients.record.RecordField;
import com.aliyun.dts.subscribe.clients.record.RecordIndexInfo;
import com.aliyun.dts.subscribe.clients.record.RecordSchema;
import com.aliyun.dts.subscribe.clients.record.RowImage;
import com.aliyun.dts.subscribe.clients.record.value.BinaryEncodingObject;
import com.aliyun.dts.subscribe.clients.record.value.DateTime;
import com.aliyun.dts.subscribe.clients.record.value.DecimalNumeric;
import com.aliyun.dts.subscribe.clients.record.value.ObjectType;
import com.aliyun.dts.subscribe.clients.record.value.StringValue;
import com.aliyun.dts.subscribe.clients.record.value.UnixTimestamp;
import com.aliyun.dts.subscribe.clients.record.value.Value;
import com.aliyun.dts.subscribe.clients.record.value.WKBGeometry;
import com.aliyun.dts.subscribe.clients.recordgenerator.AvroDeserializer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads records with the client of the managed service's subscriptions, as far as it shows them to a listener.
 *
 * <p>Arguments: a file of records, a file for what is read. A line of records is the value in hexadecimal digits; for each
 * there is a line of JSON: what the listener gets of it. Bytes are an object of their digits.
 */
public final class Subscriber {
    private static final HexFormat HEX = HexFormat.of();
    private static final TopicPartition FIRST = new TopicPartition("topic", 0);

    private Subscriber() {}

    public static void main(String[] arguments) throws Exception {
        AvroDeserializer deserializer = new AvroDeserializer();
        List<String> out = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            var record = deserializer.deserialize(HEX.parseHex(line));
            Map<String, Object> told = told(new DefaultUserRecord(FIRST, 0, record, null));
            out.add(JSON.toJSONString(told, SerializerFeature.WriteMapNullValue));
        }
        Files.write(Path.of(arguments[1]), out);
    }

    private static Map<String, Object> told(DefaultUserRecord record) {
        RecordSchema schema = record.getSchema();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("operation", record.getOperationType().name());
        told.put("seconds", record.getSourceTimestamp());
        told.put("server", schema.getDatabaseInfo().getDatabaseType() + " " + schema.getDatabaseInfo().getVersion());
        told.put("database", named(schema.getDatabaseName()));
        told.put("table", named(schema.getTableName()));
        told.put("key", names(schema.getPrimaryIndexInfo()));
        List<Object> unique = new ArrayList<>();
        schema.getUniqueIndexInfo().forEach(index -> unique.add(names(index)));
        told.put("unique", unique);
        told.put("before", shown(schema, record.getBeforeImage()));
        told.put("after", shown(schema, record.getAfterImage()));
        return told;
    }

    private static String named(NullableOptional<String> name) {
        return name.isPresent() ? name.get() : null;
    }

    private static List<String> names(RecordIndexInfo index) {
        List<String> names = new ArrayList<>();
        if (index != null) {
            index.getIndexFields().forEach(field -> names.add(field.getFieldName()));
        }
        return names;
    }

    private static Map<String, Object> shown(RecordSchema schema, RowImage image) {
        if (image == null) {
            return null;
        }
        Map<String, Object> row = new LinkedHashMap<>();
        for (RecordField field : schema.getFields()) {
            row.put(field.getFieldName(), shown(image.getValue(field)));
        }
        return row;
    }

    private static Object shown(Value<?> value) {
        if (value == null) {
            return null;
        } else if (value instanceof StringValue text) {
            return text.getCharset().equals("binary") ? digits(text.getData()) : text.toString();
        } else if (value instanceof BinaryEncodingObject bytes) {
            boolean text = bytes.getObjectType() == ObjectType.TEXT;
            return text ? StandardCharsets.UTF_8.decode(bytes.getData()).toString() : digits(bytes.getData());
        } else if (value instanceof WKBGeometry geometry) {
            return Map.of("value", digits(geometry.getData()), "text", geometry.toString());
        } else if (value instanceof UnixTimestamp time) {
            return Map.of("timestamp", time.getTimestampSec(), "millis", time.getMicro());
        } else if (value instanceof DateTime time) {
            return parts(time);
        } else if (value instanceof DecimalNumeric number) {
            return number.getData().toPlainString();
        }
        return value.toString();
    }

    private static Map<String, Object> parts(DateTime time) {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("year", time.isSet(DateTime.SEG_YEAR) ? time.getYear() : null);
        parts.put("month", time.isSet(DateTime.SEG_MONTH) ? time.getMonth() : null);
        parts.put("day", time.isSet(DateTime.SEG_DAY) ? time.getDay() : null);
        parts.put("hour", time.isSet(DateTime.SEG_HOUR) ? time.getHour() : null);
        parts.put("minute", time.isSet(DateTime.SEG_MINITE) ? time.getMinute() : null);
        parts.put("second", time.isSet(DateTime.SEG_SECOND) ? time.getSecond() : null);
        parts.put("millis", time.isSet(DateTime.SEG_NAONS) ? time.getNaons() / 1000 : null);
        parts.put("text", time.toString());
        return parts;
    }

    private static Map<String, String> digits(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return Map.of("bytes", HEX.formatHex(bytes));
    }
}
