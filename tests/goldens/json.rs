//! JSON as text: members of objects and items of arrays, as they are written.

/// Members of an object in their order, each a name and the text of its value; none for anything else.
pub(crate) fn members(object: &str) -> Vec<(String, &str)> {
    parts(object, ['{', '}'])
        .into_iter()
        .map(|part| {
            let end = string_end(part);
            let name = serde_json::from_str(&part[..end]).expect("a name is a string");
            (name, part[end..].strip_prefix(':').expect("a colon follows a name").trim())
        })
        .collect()
}

/// Items of an array.
pub(crate) fn items(array: &str) -> Vec<&str> {
    parts(array, ['[', ']'])
}

/// The value of a member.
pub(crate) fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    members(object).into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

/// What stands between the commas of an object or array, or nothing.
fn parts(text: &str, [open, close]: [char; 2]) -> Vec<&str> {
    let Some(inside) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)) else {
        return Vec::new();
    };
    let (mut parts, mut start, mut depth, mut at) = (Vec::new(), 0, 0, 0);
    while at < inside.len() {
        match inside.as_bytes()[at] {
            b'"' => at += string_end(&inside[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let last = inside[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// Length of the string that `text` begins with, quotes included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    panic!("a string without an end: {text}")
}

#[test]
fn parts_are_as_they_are_written() {
    let text = r#"{"a,\"}":1.0E7,"b":{"c":[1,{"d":"]"}]},"e":"\\"}"#;
    let expected = [("a,\"}", "1.0E7"), ("b", r#"{"c":[1,{"d":"]"}]}"#), ("e", r#""\\""#)]
        .map(|(a, b)| (a.to_owned(), b));
    assert_eq!(members(text), expected);
    assert_eq!(items("[1,[2,3],\"4,\"]"), ["1", "[2,3]", "\"4,\""]);
    assert!(items("[]").is_empty() && members("null").is_empty());
}
