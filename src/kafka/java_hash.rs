//! Java's hash of texts, and the partitions that the managed service and Canal make of it.

use std::num::NonZeroU32;

/// Java's `String.hashCode` of texts that are put one behind the other.
///
/// Over UTF-16 units, wrapping in 32 bits; so the hash of `"ab"` is that of `"a"` and then `"b"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JavaHash(i32);

impl JavaHash {
    /// Adds a text; bytes that are no UTF-8 count as U+FFFD.
    pub fn push(&mut self, text: &[u8]) {
        if text.is_ascii() {
            text.iter().for_each(|byte| self.unit(u16::from(*byte)));
        } else {
            String::from_utf8_lossy(text).encode_utf16().for_each(|unit| self.unit(unit));
        }
    }

    fn unit(&mut self, unit: u16) {
        self.0 = self.0.wrapping_mul(31).wrapping_add(i32::from(unit));
    }

    /// The hash.
    pub fn value(self) -> i32 {
        self.0
    }
}

/// Java's `String.hashCode` of one text.
pub fn java_hash(text: &[u8]) -> i32 {
    let mut hash = JavaHash::default();
    hash.push(text);
    hash.value()
}

/// The partition of a hash whose sign is masked away: what we take for that of the managed service, which documents Java's
/// hash and not how a negative one is folded.
pub fn masked_partition(hash: i32, partitions: NonZeroU32) -> i32 {
    ((hash & i32::MAX) as u32 % partitions) as i32
}

/// The partition that Canal makes of a hash: `abs(abs(hash) % n)`, where Java's `abs` of the least number is itself.
///
/// Source: alibaba/canal, `MQMessageUtils`.
pub fn canal_partition(hash: i32, partitions: NonZeroU32) -> i32 {
    let partitions = i32::try_from(partitions.get()).unwrap_or(i32::MAX);
    (hash.wrapping_abs() % partitions).wrapping_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(partition: fn(i32, NonZeroU32) -> i32, hash: i32) -> [i32; 3] {
        [4, 6, 12].map(|n| partition(hash, NonZeroU32::new(n).unwrap()))
    }

    /// Computed by the JDK.
    #[test]
    fn hashes_of_java() {
        let check = |text: &str, hash| assert_eq!(java_hash(text.as_bytes()), hash, "{text}");
        check("", 0);
        check("a", 97);
        check("1", 49);
        check("-7", 1450);
        check("19.99", 46996646);
        check("1001", 1507424);
        check("1002", 1507425);
        check("SKU-1", 78969697);
        check("shop", 3529462);
        check("orders", -1008770331);
        check("shoporders", -335106725);
        check("shop.orders", 570428637);
        check("1001SKU-1", 516896513);
        check("1001_SKU-1", -805398846);
        check("中文", 646394);
        check("😀", 1772899);
        check("polygenelubricants", i32::MIN);
    }

    #[test]
    fn texts_behind_each_other_are_one_text() {
        let mut hash = JavaHash::default();
        for part in ["10", "01", "_", "SKU", "-1"] {
            hash.push(part.as_bytes());
        }
        assert_eq!(hash.value(), java_hash(b"1001_SKU-1"));
    }

    #[test]
    fn masked_partitions() {
        let check =
            |text: &str, expected| assert_eq!(of(masked_partition, java_hash(text.as_bytes())), expected);
        check("shoporders", [3, 3, 3]);
        check("shop.orders", [1, 3, 9]);
        check("1001", [0, 2, 8]);
        check("1002", [1, 3, 9]);
        check("1001SKU-1", [1, 5, 5]);
        check("1001_SKU-1", [2, 2, 2]);
        check("polygenelubricants", [0, 0, 0]);
    }

    /// Computed by Canal's connector.core 1.1.7.
    #[test]
    fn partitions_of_canal() {
        let database = java_hash(b"shop");
        let check = |hash: i32, expected| assert_eq!(of(canal_partition, hash), expected, "{hash}");
        check(database ^ java_hash(b"1001"), [2, 0, 6]);
        check(java_hash(b"1001"), [0, 2, 8]);
        check(database ^ java_hash(b"1002"), [3, 1, 7]);
        check(database ^ java_hash(b"1001") ^ java_hash(b"SKU-1"), [3, 5, 11]);
        check(database, [2, 4, 10]);
        check(java_hash(b"polygenelubricants"), [0, 2, 8]);
        check(java_hash(b"orders"), [3, 3, 3]);
    }
}
