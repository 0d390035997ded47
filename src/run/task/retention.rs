//! Tells that the log a task still needs may be purged, before it is.
//!
//! A server purges by age. What a task has not read yet is no older than what it read last, nor than the moment at which it had read
//! everything; by that a quiet source does not raise an alarm. That everything was read is the server's word alone: it is silent as
//! well while it searches for the position, or sends more slowly than we read.

use super::Task;
use crate::catalog::ServerFacts;
use crate::mysql::position::BinlogPosition;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::source::mysql::requirement::{LogKept, log_kept};
use crate::statement::duration_text;

/// Between two warnings of one task, ms.
const AGAIN_MS: u64 = 600_000;

/// What is known about the time that is left.
#[derive(Debug, Default)]
pub(super) struct Retention {
    /// How long the server keeps its log; none: for ever, or not known yet.
    kept: Option<LogKept>,
    /// Where the log ended when the life began, and when that was, ms since 1970; none once all up to there has been read.
    begun: Option<(BinlogPosition, i64)>,
    /// What is not read yet was written later, ms since 1970; 0: not known.
    read_ms: i64,
    /// As far as silence tells, nothing was left to read at this moment, ms since 1970; 0: there was none.
    quiet_ms: i64,
    /// When it was told last.
    told_ms: Option<u64>,
}

impl Retention {
    /// A life begins at a server.
    pub(super) fn begin(&mut self, facts: &ServerFacts, wall_ms: i64) {
        self.kept = log_kept(|name| facts.variable(name));
        // Before the end is known nothing starts.
        self.begun = facts.position.as_ref().map(|end| (end.file.clone(), wall_ms));
    }

    /// How long the server keeps its log has been asked again.
    pub(super) fn keeps(&mut self, kept: Option<LogKept>) {
        self.kept = kept;
    }

    /// Everything that has come is read, up to `at`, and nothing more came for a moment. With `beat` the last that came was the
    /// server's word that it has nothing to send; while it searches for a position it says so, too.
    pub(super) fn rested(&mut self, at: &BinlogPosition, beat: bool, wall_ms: i64) {
        if let Some((_, begun_ms)) = self.begun.take_if(|(end, _)| *at >= *end) {
            self.read_ms = self.read_ms.max(begun_ms);
        }
        if self.begun.is_none() {
            self.quiet_ms = wall_ms;
            if beat {
                self.read_ms = self.read_ms.max(wall_ms);
            }
        }
    }

    /// What was written at this second has been read.
    pub(super) fn read_upto(&mut self, event_s: u32) {
        self.read_ms = self.read_ms.max(i64::from(event_s) * 1_000);
    }

    /// When everything had been read, or what was read last was written, ms since 1970; 0: not known.
    pub(super) fn current_ms(&self) -> i64 {
        self.read_ms.max(self.quiet_ms)
    }

    /// How long the server keeps its log, ms; none: for ever, or not known yet.
    pub(super) fn kept_ms(&self) -> Option<u64> {
        self.kept.map(|kept| kept.ms)
    }

    /// Seconds until what is needed may be purged; none: never, or not known.
    pub(super) fn seconds_left(&self, wall_ms: i64) -> Option<u64> {
        let (kept, age_ms) = self.age(wall_ms)?;
        Some(kept.ms.saturating_sub(age_ms) / 1_000)
    }

    /// What the server keeps, and how long until what is needed may be purged, ms, once that is less than half of it.
    fn low(&self, wall_ms: i64) -> Option<(LogKept, u64)> {
        let (kept, age_ms) = self.age(wall_ms)?;
        (age_ms >= kept.ms / 2).then(|| (kept, kept.ms.saturating_sub(age_ms)))
    }

    /// What the server keeps, and how old the oldest may be that is needed, ms.
    fn age(&self, wall_ms: i64) -> Option<(LogKept, u64)> {
        let kept = self.kept.filter(|_| self.read_ms > 0)?;
        Some((kept, u64::try_from(wall_ms - self.read_ms).unwrap_or(0)))
    }
}

impl Task {
    /// Warns when half of the time has passed, and again every ten minutes.
    pub(super) fn watch_retention(&mut self, now_ms: u64) {
        if let Some(kept) = self.gauge.as_ref().and_then(|gauge| gauge.take_kept()) {
            self.retention.keeps(kept);
        }
        let Some((kept, left_ms)) = self.retention.low(wall_ms()) else { return };
        if self.retention.told_ms.is_some_and(|told_ms| now_ms < told_ms + AGAIN_MS) {
            return;
        }
        self.retention.told_ms = Some(now_ms);
        Event::warn(Name::SourceRetentionLow, low_text(kept, left_ms)).task(&self.id).emit();
    }
}

/// What is told when so much is left, ms.
fn low_text(kept: LogKept, left_ms: u64) -> String {
    let seconds = |ms: u64| duration_text(ms / 1_000 * 1_000);
    let when = match left_ms / 1_000 {
        0 => "may be purged already".to_owned(),
        _ => format!("may be purged in {}", seconds(left_ms)),
    };
    format!(
        "the server keeps its log for {}, and what has not been read yet {when}; keep the log longer (`{}`), or the tables must be \
         loaded anew",
        seconds(kept.ms),
        kept.variable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: LogKept = LogKept { ms: 10_000, variable: "binlog_expire_logs_seconds" };

    fn place(offset: u64) -> BinlogPosition {
        BinlogPosition::new("b.000001", offset)
    }

    /// Begun at 1,000 s, while the log ended at 100.
    fn begun() -> Retention {
        Retention { kept: Some(KEPT), begun: Some((place(100), 1_000_000)), ..Retention::default() }
    }

    fn left_ms(retention: &Retention, wall_ms: i64) -> Option<u64> {
        retention.low(wall_ms).map(|(_, left_ms)| left_ms)
    }

    #[test]
    fn half_of_the_time_is_left_when_it_is_told() {
        let mut retention = begun();
        assert_eq!(left_ms(&retention, 1_000_000), None);
        retention.read_upto(1_000);
        assert_eq!(left_ms(&retention, 1_004_999), None);
        assert_eq!(left_ms(&retention, 1_005_000), Some(5_000));
        assert_eq!(left_ms(&retention, 1_020_000), Some(0));
        retention.rested(&place(100), true, 1_019_000);
        assert_eq!(left_ms(&retention, 1_020_000), None);
        retention.keeps(None);
        assert_eq!(left_ms(&retention, 9_000_000), None);
    }

    #[test]
    fn a_server_that_is_silent_has_not_sent_everything() {
        let mut retention = begun();
        // It searches, and says that it has nothing to send.
        retention.rested(&place(4), false, 1_000_100);
        retention.rested(&place(4), true, 1_001_000);
        assert_eq!((retention.current_ms(), retention.seconds_left(1_001_000)), (0, None));
        // What it finds is 8 s old, and between two transactions it is silent.
        retention.read_upto(993);
        retention.rested(&place(50), false, 1_001_100);
        assert_eq!(retention.current_ms(), 993_000);
        assert_eq!(left_ms(&retention, 1_001_000), Some(2_000));
        // All that was there when the life began has been read; silence tells no more than that.
        retention.rested(&place(100), false, 1_004_000);
        assert_eq!(retention.seconds_left(1_004_000), Some(6));
        assert_eq!(retention.current_ms(), 1_004_000);
        retention.rested(&place(100), false, 1_006_000);
        assert_eq!(left_ms(&retention, 1_006_000), Some(4_000));
        retention.rested(&place(100), true, 1_007_000);
        assert_eq!(left_ms(&retention, 1_007_000), None);
    }

    #[test]
    fn the_variable_that_counts_is_named() {
        let kept = LogKept { ms: 86_400_000, variable: "expire_logs_days" };
        let text = low_text(kept, 3_600_999);
        assert!(text.contains("(`expire_logs_days`)") && text.contains("purged in 1h"), "{text}");
        assert!(low_text(kept, 999).contains("purged already"));
    }
}
