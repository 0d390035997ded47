//! Records as lines of text, for dry runs and dumps: standard output and files.
//!
//! One record is one line of JSON: `{"topic":"shop.orders","partition":0,"key":…,"value":…}`. A key or value that is
//! JSON text stands there as it is, other UTF-8 text as a string, other bytes as `{"base64":"…"}`, a missing one as
//! `null`. So the text `null` and a missing value look the same; everything else can be told apart.

#[cfg(feature = "run")]
pub mod io;

use crate::kafka::Record;
use data_encoding::BASE64;
use serde::de::IgnoredAny;

/// Appends the line of `record`, with its end.
pub fn write_line(out: &mut Vec<u8>, topic: &str, record: &Record<'_>) {
    out.extend_from_slice(b"{\"topic\":");
    write_string(out, topic);
    out.extend_from_slice(format!(",\"partition\":{},\"key\":", record.partition).as_bytes());
    write_bytes(out, record.key);
    out.extend_from_slice(b",\"value\":");
    write_bytes(out, record.value);
    out.extend_from_slice(b"}\n");
}

fn write_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else {
        out.extend_from_slice(b"null");
        return;
    };
    if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        // Between the tokens of a JSON text a line end is only space; inside of them it cannot stand.
        out.extend(bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        return;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => write_string(out, text),
        Err(_) => {
            out.extend_from_slice(b"{\"base64\":\"");
            out.extend_from_slice(BASE64.encode(bytes).as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a vector takes every byte, and text serializes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::TopicId;

    #[test]
    fn keys_and_values_are_shown_as_what_they_are() {
        let check = |value: Option<&[u8]>, expected: &str| {
            let mut out = Vec::new();
            let record = Record { topic: TopicId(0), partition: 3, key: Some(b"7"), value };
            write_line(&mut out, "shop.orders", &record);
            let line = String::from_utf8(out).unwrap();
            assert_eq!(
                line,
                format!("{{\"topic\":\"shop.orders\",\"partition\":3,\"key\":7,\"value\":{expected}}}\n")
            );
            serde_json::from_str::<serde_json::Value>(&line).unwrap();
        };
        check(None, "null");
        check(Some(b"{\"a\": [1, \"x\"]}"), "{\"a\": [1, \"x\"]}");
        check(Some(b"{\n\"a\":1\r\n}"), "{ \"a\":1  }");
        check(Some(b""), "\"\"");
        check(Some("grün\n\"".as_bytes()), "\"grün\\n\\\"\"");
        check(Some(b"{\"cut"), "\"{\\\"cut\"");
        check(Some(&[0xff]), "{\"base64\":\"/w==\"}");
        check(Some(&[0xff, 0x00]), "{\"base64\":\"/wA=\"}");
        check(Some(&[0xff, 0x00, 0x10, 0x80]), "{\"base64\":\"/wAQgA==\"}");
    }
}
