//! Where the rows come from that are measured.

use syncc::change::{EventMeta, Origin, SourceInfo, TransactionInfo};
use syncc::mysql::position::Flavor;

/// A source and a transaction of it.
pub(crate) struct Place {
    source: SourceInfo,
    transaction: TransactionInfo,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            source: SourceInfo { name: "main".into(), flavor: Flavor::MySql, version: "8.0.36".into() },
            transaction: TransactionInfo::place("mysql-bin.000007".into(), 917),
        }
    }

    /// What is known of its first row.
    pub(crate) fn meta(&self) -> EventMeta<'_> {
        EventMeta {
            origin: Origin::Stream,
            event_ms: 1_709_605_231_000,
            now_ms: 1_709_605_231_050,
            source: &self.source,
            transaction: &self.transaction,
            offset: 1_203,
            row: 0,
            number: 0,
        }
    }
}
