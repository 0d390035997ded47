//! What a task is to its two ends: as whom it reads the log of its source, and how long it waits for either.

use super::{Retry, SourcePlan, TargetKind, TaskPlan};
use crate::mysql::schema::TableName;
use crate::statement::ServerIds;
use std::num::NonZeroU32;

impl SourcePlan {
    /// The table of its heartbeat.
    pub fn beat_table(&self) -> Option<TableName> {
        self.heartbeat.table.as_ref().map(|(db, table)| TableName::new(db, table))
    }

    /// Largest event of the log that is taken into memory, bytes.
    pub fn event_limit(&self) -> usize {
        usize::try_from(self.event_limit_bytes).unwrap_or(usize::MAX)
    }
}

impl TaskPlan {
    /// How long failures of the target are waited out.
    pub fn target_retry(&self) -> &Retry {
        match &self.target.kind {
            TargetKind::Kafka(kafka) => &kafka.retry,
            TargetKind::Stdout | TargetKind::File { .. } => &self.retry,
        }
    }

    /// Prefix of the state; targets without a state topic have none.
    pub fn state_prefix(&self) -> &str {
        match &self.target.kind {
            TargetKind::Kafka(kafka) => &kafka.state.prefix,
            TargetKind::Stdout | TargetKind::File { .. } => "",
        }
    }

    /// Server id and UUID under which the task reads over the connection of this number: the same for every life of it, another
    /// for every other task and connection. `home` is the id of the state directory.
    pub fn reader_identity(&self, connection: u8, home: &str) -> (NonZeroU32, String) {
        let (id, uuid) = match connection {
            0 => self.identity("", home),
            _ => self.identity(&format!("#{connection}"), home),
        };
        let given = match self.source.server_ids {
            ServerIds::Auto => None,
            ServerIds::Range { first, .. } => NonZeroU32::new(first.saturating_add(u32::from(connection))),
        };
        (given.unwrap_or(id), uuid)
    }

    /// Server id and UUID under which the task looks at a part of the log beside its reader: under one identity, the newer
    /// connection would end the older.
    pub fn searcher_identity(&self, home: &str) -> (NonZeroU32, String) {
        self.identity("#search", home)
    }

    /// Where the task's state is: the same project run against another cluster is another task to its source, and so is one that
    /// keeps its state in another directory.
    fn state_place(&self, home: &str) -> String {
        match &self.target.kind {
            TargetKind::Kafka(kafka) => {
                let mut brokers = kafka.brokers.clone();
                brokers.sort();
                brokers.join(",")
            }
            TargetKind::File { .. } | TargetKind::Stdout => home.to_owned(),
        }
    }

    fn identity(&self, role: &str, home: &str) -> (NonZeroU32, String) {
        let (place, prefix) = (self.state_place(home), self.state_prefix());
        let text = format!("{place}/{prefix}/{}/{}{role}", self.source.name, self.id);
        let hash = |seed: u64| -> u64 {
            // FNV-1a: stable across releases, and spread is all that is asked of it.
            text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
        };
        let (high, low) = (hash(0), hash(1));
        // The upper half of the range: ids that people give to their replicas are small.
        let id = NonZeroU32::MIN.saturating_add((high as u32 | (1 << 31)) - 1);
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            (high >> 32) as u32,
            (high >> 16) as u16,
            high & 0xfff,
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        );
        (id, uuid)
    }
}
