//! Sets of GTIDs as servers write them into their log and take them in a request.

use super::{GtidSet, hex_value};

/// Bytes of a UUID.
const UUID_BYTES: usize = 16;

impl GtidSet {
    /// The set as COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS carry it.
    ///
    /// Without tags: number of UUIDs, then per UUID 16 bytes, number of intervals, and per interval start and
    /// excluded end, all 64-bit little-endian. With at least one tag the first and the last byte of the first
    /// number are 1 with the count between them, and every UUID is followed by its tag: the length times two
    /// in one byte (the short form of MySQL's variable-length integer), then the text. Source: MySQL
    /// `Gtid_set::encode`, and what 9.7 wrote.
    pub fn encode(&self) -> Vec<u8> {
        let tagged = self.intervals.keys().any(|(_, tag)| !tag.is_empty());
        let count = self.intervals.len() as u64;
        let head = if tagged { 1 << 56 | count << 8 | 1 } else { count };
        let mut bytes = head.to_le_bytes().to_vec();
        for ((uuid, tag), list) in &self.intervals {
            let digits = uuid.bytes().filter(u8::is_ascii_hexdigit).map(hex_value).collect::<Vec<_>>();
            bytes.extend(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
            if tagged {
                bytes.push((tag.len() as u8) << 1);
                bytes.extend_from_slice(tag.as_bytes());
            }
            bytes.extend_from_slice(&(list.len() as u64).to_le_bytes());
            for (start, end) in list {
                bytes.extend_from_slice(&start.to_le_bytes());
                bytes.extend_from_slice(&end.to_le_bytes());
            }
        }
        bytes
    }

    /// The set that [`encode`](Self::encode) writes, as the body of a PREVIOUS_GTIDS event holds it; none for other bytes.
    pub fn decode(bytes: &[u8]) -> Option<GtidSet> {
        let mut rest = bytes;
        let head = number(&mut rest)?;
        let tagged = head >> 56 == 1;
        let count = if tagged { head << 8 >> 16 } else { head };
        let mut set = GtidSet::new();
        for _ in 0..count {
            let uuid = taken(&mut rest, UUID_BYTES)?;
            let mut text = String::with_capacity(36);
            for (at, byte) in uuid.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    text.push('-');
                }
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16)?);
                }
            }
            let tag = match tagged {
                true => {
                    let length = taken(&mut rest, 1)?[0];
                    std::str::from_utf8(taken(&mut rest, usize::from(length >> 1))?).ok()?
                }
                false => "",
            };
            for _ in 0..number(&mut rest)? {
                let (start, end) = (number(&mut rest)?, number(&mut rest)?);
                set.add_range(&text, tag, start, end);
            }
        }
        rest.is_empty().then_some(set)
    }
}

fn taken<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let bytes = taken(rest, 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        for text in
            ["", &format!("{uuid}:1-5:7"), &format!("{uuid}:1-5:billing:1-2:9"), &format!("{uuid}:t_1:4")]
        {
            let set: GtidSet = text.parse().expect(text);
            let bytes = set.encode();
            assert_eq!(GtidSet::decode(&bytes), Some(set), "{text}");
            for cut in 0..bytes.len() {
                assert_eq!(GtidSet::decode(&bytes[..cut]), None, "{text} cut at {cut}");
            }
        }
        let mut endless = u64::MAX.to_le_bytes().to_vec();
        endless.extend([0xff; 64]);
        assert_eq!(GtidSet::decode(&endless), None);
    }
}
