//! Sizes and times that Kafka itself sets, each with its source.

/// Largest record batch a topic takes when nothing is configured, in bytes.
///
/// Source: Apache Kafka, `ServerLogConfigs.MAX_MESSAGE_BYTES_DEFAULT`: 1 MiB and the 12 bytes of the log overhead.
pub const MAX_MESSAGE_BYTES_DEFAULT: usize = 1024 * 1024 + 12;

/// Bytes of a batch header (magic 2), counted by the broker against `max.message.bytes`.
///
/// Source: Apache Kafka, `DefaultRecordBatch.RECORD_BATCH_OVERHEAD`.
pub const BATCH_OVERHEAD_BYTES: usize = 61;

/// Most bytes a record without headers adds to its key and value inside a batch.
///
/// Source: Apache Kafka, `DefaultRecord.MAX_RECORD_OVERHEAD`.
pub const RECORD_OVERHEAD_BYTES: usize = 21;

/// Longest transaction a broker allows when nothing is configured, in ms.
///
/// Source: Apache Kafka, `TransactionStateManagerConfig.TRANSACTIONS_MAX_TIMEOUT_MS_DEFAULT`.
pub const TRANSACTION_MAX_TIMEOUT_MS_DEFAULT: u64 = 15 * 60 * 1000;

/// Most requests in flight with which an idempotent producer keeps order.
///
/// Source: Apache Kafka, `ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION_FOR_IDEMPOTENCE`.
pub const MAX_IN_FLIGHT_IDEMPOTENT: u32 = 5;

/// Longest part of a large state value, in bytes: with key and overhead it stays below [`MAX_MESSAGE_BYTES_DEFAULT`].
pub const STATE_PART_BYTES: usize = 900 * 1000;

/// Bytes that a record of `key` and `value` bytes takes at most when it is alone in an uncompressed batch.
pub fn lone_record_bytes(key: usize, value: usize) -> usize {
    BATCH_OVERHEAD_BYTES + RECORD_OVERHEAD_BYTES + key + value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_part_fits_a_default_topic() {
        assert!(lone_record_bytes(1000, STATE_PART_BYTES) < MAX_MESSAGE_BYTES_DEFAULT);
    }
}
