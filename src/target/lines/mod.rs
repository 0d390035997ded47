//! Records as lines of text, for dry runs and dumps: standard output and files.
//!
//! One record is one line of JSON: `{"topic":"shop.orders","partition":0,"key":…,"value":…}`. A key or value that is
//! JSON text stands there as it is, Avro of a known schema as the object it is, other UTF-8 text as a string, other bytes as
//! `{"base64":"…"}`, a missing one as `null`. So the text `null` and a missing value look the same; everything else can be told apart. Where a record has them, its
//! headers follow (`"headers":{"syncc-op":"c"}`), and its time (`"timestamp":1709605231000`, ms since 1970).

mod avro;
#[cfg(feature = "run")]
pub mod io;

pub use avro::{AvroSchema, SchemaError, Schemas};

use crate::kafka::{Record, TopicName};
use data_encoding::BASE64;
use serde::de::IgnoredAny;

/// Appends the line of `record`, with its end.
pub fn write_line(out: &mut Vec<u8>, topic: &TopicName, record: &Record<'_>, schemas: &Schemas) {
    out.extend_from_slice(b"{\"topic\":");
    write_string(out, topic.as_str());
    out.extend_from_slice(format!(",\"partition\":{},\"key\":", record.partition).as_bytes());
    write_bytes(out, record.key, |out, key| schemas.write(out, None, key));
    out.extend_from_slice(b",\"value\":");
    write_bytes(out, record.value, |out, value| schemas.write(out, Some(topic), value));
    let mut before = &b",\"headers\":{"[..];
    for (name, value) in record.headers.iter() {
        out.extend_from_slice(before);
        write_string(out, name);
        out.push(b':');
        write_text(out, value);
        before = b",";
    }
    if !record.headers.is_empty() {
        out.push(b'}');
    }
    if let Some(time_ms) = record.time_ms {
        out.extend_from_slice(format!(",\"timestamp\":{time_ms}").as_bytes());
    }
    out.extend_from_slice(b"}\n");
}

fn write_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>, of_schema: impl FnOnce(&mut Vec<u8>, &[u8]) -> bool) {
    let Some(bytes) = bytes else {
        out.extend_from_slice(b"null");
        return;
    };
    if of_schema(out, bytes) {
        return;
    }
    if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        // Between the tokens of a JSON text a line end is only space; inside of them it cannot stand.
        out.extend(bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        return;
    }
    write_text(out, bytes);
}

/// A string, or what stands for other bytes.
fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
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
    use crate::kafka::{Batch, Headers, TopicId};

    fn name(text: &str) -> TopicName {
        TopicName::new(text).unwrap()
    }

    #[test]
    fn keys_and_values_are_shown_as_what_they_are() {
        let check = |value: Option<&[u8]>, expected: &str| {
            let mut out = Vec::new();
            let record = Record {
                topic: TopicId(0),
                partition: 3,
                key: Some(b"7"),
                value,
                headers: Headers::default(),
                time_ms: None,
            };
            write_line(&mut out, &name("shop.orders"), &record, &Schemas::default());
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

    #[test]
    fn headers_and_time_follow() {
        let mut batch = Batch::new();
        batch.arena().extend_from_slice(b"c7\xff");
        batch.push(TopicId(0), 0, None, None);
        batch.header("op", 0..1);
        batch.header("n", 1..2);
        batch.header("raw", 2..3);
        batch.time(5);
        let mut out = Vec::new();
        write_line(&mut out, &name("t"), &batch.records().next().unwrap(), &Schemas::default());
        let expected = "{\"topic\":\"t\",\"partition\":0,\"key\":null,\"value\":null,\
            \"headers\":{\"op\":\"c\",\"n\":\"7\",\"raw\":{\"base64\":\"/w==\"}},\"timestamp\":5}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
