//! Tells that the log a task still needs may be purged, before it is.
//!
//! A server purges by age. What a task has not read yet is no older than the moment at which it had read everything, so that moment
//! is what counts: by it a quiet source does not raise an alarm.

use super::Task;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::statement::duration_text;

/// Between two warnings of one task, ms.
const AGAIN_MS: u64 = 600_000;

/// What is known about the time that is left.
#[derive(Debug, Default)]
pub(super) struct Retention {
    /// How long the server keeps its log, ms; none: for ever, or not known yet.
    pub(super) kept_ms: Option<u64>,
    /// When everything had been read, or what was read last was written, ms since 1970; 0: not known.
    current_ms: i64,
    /// When it was told last.
    told_ms: Option<u64>,
}

impl Retention {
    /// Everything has been read.
    pub(super) fn caught_up(&mut self, wall_ms: i64) {
        self.current_ms = wall_ms;
    }

    /// What was written at this second has been read.
    pub(super) fn read_upto(&mut self, event_s: u32) {
        self.current_ms = self.current_ms.max(i64::from(event_s) * 1_000);
    }

    /// When everything had been read, or what was read last was written, ms since 1970; 0: not known.
    pub(super) fn current_ms(&self) -> i64 {
        self.current_ms
    }

    /// Seconds until what is needed may be purged; none: never, or not known.
    pub(super) fn seconds_left(&self, wall_ms: i64) -> Option<u64> {
        let kept_ms = self.kept_ms.filter(|_| self.current_ms > 0)?;
        let age_ms = u64::try_from(wall_ms - self.current_ms).unwrap_or(0);
        Some(kept_ms.saturating_sub(age_ms) / 1_000)
    }

    /// How long until what is needed may be purged, once that is less than half of the time the log is kept.
    fn left_ms(&self, wall_ms: i64) -> Option<u64> {
        let kept_ms = self.kept_ms.filter(|_| self.current_ms > 0)?;
        let age_ms = u64::try_from(wall_ms - self.current_ms).unwrap_or(0);
        (age_ms >= kept_ms / 2).then(|| kept_ms.saturating_sub(age_ms))
    }
}

impl Task {
    /// Warns when half of the time has passed, and again every ten minutes.
    pub(super) fn watch_retention(&mut self, now_ms: u64) {
        let Some(left_ms) = self.retention.left_ms(wall_ms()) else { return };
        if self.retention.told_ms.is_some_and(|told_ms| now_ms < told_ms + AGAIN_MS) {
            return;
        }
        self.retention.told_ms = Some(now_ms);
        let seconds = |ms: u64| duration_text(ms / 1_000 * 1_000);
        let kept = seconds(self.retention.kept_ms.unwrap_or(0));
        let when = match left_ms / 1_000 {
            0 => "may be purged already".to_owned(),
            _ => format!("may be purged in {}", seconds(left_ms)),
        };
        let text = format!(
            "the server keeps its log for {kept}, and what has not been read yet {when}; keep the log longer \
             (`binlog_expire_logs_seconds`), or the tables must be loaded anew"
        );
        Event::warn(Name::SourceRetentionLow, text).task(&self.id).emit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_time_is_left_when_it_is_told() {
        let mut retention = Retention { kept_ms: Some(10_000), ..Retention::default() };
        assert_eq!(retention.left_ms(1_000_000), None);
        retention.read_upto(1_000);
        assert_eq!(retention.left_ms(1_004_999), None);
        assert_eq!(retention.left_ms(1_005_000), Some(5_000));
        assert_eq!(retention.left_ms(1_020_000), Some(0));
        retention.caught_up(1_019_000);
        assert_eq!(retention.left_ms(1_020_000), None);
        retention.kept_ms = None;
        assert_eq!(retention.left_ms(9_000_000), None);
    }
}
