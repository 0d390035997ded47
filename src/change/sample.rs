//! An event for unit tests.

use super::{EventMeta, Origin, SourceInfo, TransactionInfo};
use crate::mysql::position::Flavor;
use std::sync::LazyLock;

static SOURCE: LazyLock<SourceInfo> =
    LazyLock::new(|| SourceInfo { name: "main".into(), flavor: Flavor::MySql, version: "8.0.36".into() });

static TRANSACTION: LazyLock<TransactionInfo> = LazyLock::new(|| TransactionInfo {
    gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:23".into(),
    server_id: 223_344,
    thread_id: Some(42),
    committed_us: Some(1_709_605_231_012_345),
    ..TransactionInfo::place("mysql-bin.000007".into(), 917)
});

/// A row of the stream, sent 50 ms after it was written.
pub(crate) fn streamed() -> EventMeta<'static> {
    EventMeta {
        origin: Origin::Stream,
        event_ms: 1_709_605_231_000,
        now_ms: 1_709_605_231_050,
        source: &SOURCE,
        transaction: &TRANSACTION,
        offset: 1_203,
        row: 0,
        number: 0,
    }
}
