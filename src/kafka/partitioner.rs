//! The hashes that Kafka's clients make of a key: of the Java client, and of the C client.

use std::num::NonZeroU32;

const SEED: u32 = 0x9747_b28c;
const M: u32 = 0x5bd1_e995;

/// murmur2 with Kafka's seed, as a signed number as Java has it.
///
/// Little-endian blocks of four bytes; the tail is mixed in from its highest byte.
/// Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2`.
pub fn murmur2(data: &[u8]) -> i32 {
    let mut hash = SEED ^ data.len() as u32;
    let mut blocks = data.chunks_exact(4);
    for block in &mut blocks {
        let mut k = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        k = k.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let tail = blocks.remainder();
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    (hash ^ (hash >> 15)) as i32
}

/// Kafka partition for `key` as the Java client computes it.
///
/// murmur2 over the serialized key bytes, made positive by masking the sign bit, modulo `partitions`.
/// Source: Apache Kafka, `BuiltInPartitioner.partitionForKey`. Not the C client's default (CRC-32).
pub fn java_partition(key: &[u8], partitions: NonZeroU32) -> i32 {
    ((murmur2(key) & i32::MAX) as u32 % partitions) as i32
}

/// Kafka partition for `key` as clients built on librdkafka compute it: CRC-32 of the key bytes modulo `partitions`.
///
/// Source: librdkafka, `rd_kafka_msg_partitioner_consistent`.
pub fn c_partition(key: &[u8], partitions: NonZeroU32) -> i32 {
    (crc32fast::hash(key) % partitions) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &[u8], hash: i32, mod_4_6_12: [i32; 3]) {
        assert_eq!(murmur2(key), hash);
        let partition = |n| java_partition(key, NonZeroU32::new(n).unwrap());
        assert_eq!([partition(4), partition(6), partition(12)], mod_4_6_12);
    }

    /// Computed by Apache Kafka's Java client 4.1.1.
    #[test]
    fn java_vectors() {
        check(b"", 275646681, [1, 3, 9]);
        check(b"a", -1563381124, [0, 4, 4]);
        check(b"21", -973932308, [0, 0, 0]);
        check(b"abc", 479470107, [3, 3, 3]);
        check(b"foobar", -790332482, [2, 0, 6]);
        check(b"a-little-bit-long-string", -985981536, [0, 2, 8]);
        check(b"a-little-bit-longer-string", -1486304829, [3, 5, 11]);
        check(b"1001", 1456459188, [0, 0, 0]);
        check(br#"{"id":1001}"#, 1645685654, [2, 2, 2]);
        check(br#"{"id":1002}"#, 2124987455, [3, 5, 11]);
        check(br#"{"database":"shop","table":"orders","pk.id":1001}"#, 1493795086, [2, 4, 10]);
        check(br#"["shop","orders",[{"id":1001}]]"#, 1017744415, [3, 1, 7]);
        check(br#"{"databaseName":"shop"}"#, 1226137026, [2, 0, 6]);
        check(b"\x00\x00\x00\x00\x07\xd2\x0f", -230334651, [1, 5, 5]);
        check(b"\xd2\x0f", -785834994, [2, 2, 2]);
        check(b"\xff\xfe\xfd", 998637092, [0, 2, 8]);
    }

    #[test]
    fn one_partition_takes_all() {
        assert_eq!(java_partition(b"anything", NonZeroU32::MIN), 0);
    }

    /// The check value of CRC-32, and hashes that zlib computes.
    #[test]
    fn c_vectors() {
        let check = |key: &[u8], hash: u32| {
            for n in [4, 6, 12] {
                assert_eq!(c_partition(key, NonZeroU32::new(n).unwrap()), (hash % n) as i32);
            }
        };
        check(b"123456789", 0xCBF4_3926);
        check(b"", 0);
        check(br#"{"id":1001}"#, 0x466a442);
        check("中文".as_bytes(), 0x5a09ed37);
    }
}
