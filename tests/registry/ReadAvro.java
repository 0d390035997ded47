import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** Reads lines of a schema, a tab and a datum in hexadecimal digits; writes each datum as a line of JSON. */
public class ReadAvro {
    public static void main(String[] arguments) throws Exception {
        GenericData data = new GenericData();
        data.addLogicalTypeConversion(new Conversions.DecimalConversion());
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", -1);
            Schema schema = new Schema.Parser().parse(parts[0]);
            BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(HexFormat.of().parseHex(parts[1]), null);
            Object datum = new GenericDatumReader<>(schema, schema, data).read(null, decoder);
            if (!decoder.isEnd()) throw new IllegalStateException("bytes are left of " + line);
            out.println(data.toString(datum));
        }
        out.flush();
    }
}
