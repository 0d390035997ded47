//! What the entries of the stream do to a life, one after the other.

use super::life::{Life, Look, another};
use super::limit::Limit;
use crate::change::TransactionInfo;
use crate::mysql::position::{BinlogPosition, Gtid, TransactionPlace};
use crate::run::context::Clock;
use crate::run::failure::{Class, Failure};
use crate::run::ring::{Block, Entry, What};

/// Entries looked at before orders and answers are looked at again.
const ENTRIES_PER_TURN: usize = 256;

/// Longest that entries are looked at before orders and answers are, ms: a target that is busy takes its time.
const TURN_MS: u64 = 100;

impl Life {
    /// Looks at the next entries.
    pub(super) fn consume(
        &mut self,
        clock: &Clock,
        wall_ms: i64,
        limit: &mut Limit,
    ) -> Result<Look, Failure> {
        let mut n_looked = 0;
        self.ledger.take_up();
        let began_ms = clock.now_ms();
        loop {
            if self.waiting.has_released() {
                let now_ms = clock.now_ms();
                if let Some(at_ms) = limit.waits(now_ms) {
                    return Ok(if n_looked > 0 { Look::Moved } else { Look::Paced(at_ms) });
                }
                let sent = self.counts.bytes;
                self.released(now_ms, wall_ms)?;
                limit.sent(self.counts.bytes - sent, now_ms);
                n_looked += 1;
                if now_ms >= began_ms + TURN_MS || n_looked >= ENTRIES_PER_TURN || self.ledger.cut_due(now_ms)
                {
                    return Ok(Look::Moved);
                }
                continue;
            }
            let (block, at) = match self.block.take() {
                Some(current) => current,
                None => match self.follower.ring().next() {
                    Some(block) => (block, 0),
                    None => return Ok(if n_looked > 0 { Look::Moved } else { Look::Nothing }),
                },
            };
            let Some(entry) = block.entries.get(at) else { continue };
            if let What::Rows(table) = &entry.what
                && !self.skip
                && self.tables.is_selected(table)
                && table.columns.get().is_none()
            {
                // Only later blocks can prove its columns.
                self.block = Some((block, at));
                return Ok(if n_looked > 0 { Look::Moved } else { Look::Nothing });
            }
            if let What::Definition(definition) = &entry.what
                && !self.skip
                && self.waits_for_commit(definition)?
            {
                self.ledger.put_off();
                self.block = Some((block, at));
                return Ok(Look::Moved);
            }
            if matches!(entry.what, What::End { .. }) && !self.skip && self.waiting.release() {
                // What it holds comes first.
                self.block = Some((block, at));
                continue;
            }
            let now_ms = clock.now_ms();
            let may_bring = match entry.what {
                What::Begin { .. } => true,
                What::Rows(_) => !self.skip,
                What::Verdict(_)
                | What::Writer(_)
                | What::Definition(_)
                | What::End { .. }
                | What::Reached { .. }
                | What::Stop(_) => false,
            };
            if let Some(at_ms) = limit.waits(now_ms).filter(|_| may_bring) {
                self.block = Some((block, at));
                return Ok(if n_looked > 0 { Look::Moved } else { Look::Paced(at_ms) });
            }
            let sent = self.counts.bytes;
            let ended = self.entry(&block, entry, now_ms, wall_ms)?;
            limit.sent(self.counts.bytes - sent, now_ms);
            self.block = Some((block, at + 1));
            n_looked += 1;
            let tired = n_looked >= ENTRIES_PER_TURN || now_ms >= began_ms + TURN_MS;
            if ended || tired || self.ledger.cut_due(now_ms) {
                return Ok(Look::Moved);
            }
        }
    }

    /// True while something of the log has come that was not looked at.
    pub(super) fn has_unread(&self) -> bool {
        let in_block = self.block.as_ref().is_some_and(|(block, at)| *at < block.entries.len());
        in_block || self.follower.ring().has_next()
    }

    /// True while the next entry is one whose columns are not proven.
    pub(super) fn waits_for_columns(&self) -> bool {
        let Some((block, at)) = &self.block else { return false };
        block.entries.get(*at).is_some_and(|entry| match &entry.what {
            What::Rows(table) => table.columns.get().is_none(),
            What::Begin { .. }
            | What::Verdict(_)
            | What::Writer(_)
            | What::Definition(_)
            | What::End { .. }
            | What::Reached { .. }
            | What::Stop(_) => false,
        })
    }

    /// Looks at one entry. True when the task stands between two source transactions behind it, or goes no further.
    fn entry(&mut self, block: &Block, entry: &Entry, now_ms: u64, wall_ms: i64) -> Result<bool, Failure> {
        match &entry.what {
            What::Begin { gtid, committed_us, file, offset } => {
                let position = self.ledger.position();
                let place =
                    TransactionPlace { server: &position.server, gtid: gtid.as_ref(), file, end: offset + 1 };
                self.waiting.come_to(file, *offset)?;
                let seen = self.waiting.is_seen(gtid.as_ref())?;
                self.skip = match seen.or_else(|| position.contains(&place)) {
                    Some(contained) => {
                        let again = self.waiting.begin(contained, gtid.as_ref(), file, *offset);
                        contained && !again
                    }
                    None => {
                        return Err(Failure::new(
                            Class::Data,
                            format!(
                                "at {file}:{offset}: a transaction without GTID among those with GTID; somebody is \
                                 switching `gtid_mode`, and a set cannot prove what was read"
                            ),
                        ));
                    }
                };
                self.gtid.clone_from(gtid);
                self.beaten = false;
                if !self.skip {
                    self.transaction = TransactionInfo {
                        gtid: gtid.as_ref().map(Gtid::to_string).unwrap_or_default(),
                        server_id: entry.header.map_or(0, |header| header.server_id),
                        committed_us: *committed_us,
                        ..TransactionInfo::place(file.clone(), *offset)
                    };
                }
                self.transaction_number += 1;
                self.n_rows = 0;
                self.ledger.begin(gtid.as_ref(), file, *offset);
                self.number_part();
                Ok(false)
            }
            What::Writer(thread) => {
                self.transaction.thread_id = Some(*thread);
                Ok(false)
            }
            What::Rows(table) => {
                let Some(header) = entry.header.filter(|_| !self.skip) else { return Ok(false) };
                let body = block.body(entry);
                if !self.waiting.holds() {
                    self.rows(header, body, table, None, now_ms, wall_ms)?;
                } else if self.tables.is_selected(table) {
                    self.waiting.keep(header, table, body)?;
                }
                Ok(false)
            }
            What::Verdict(verdict) => {
                if !self.skip {
                    self.verdict(verdict, entry.header.map_or(0, |header| header.time), now_ms)?;
                }
                Ok(self.waiting.is_undone())
            }
            What::Definition(definition) => {
                if !self.skip {
                    self.send_definition(definition, entry.header.as_ref(), now_ms)?;
                    self.definition(definition, now_ms)?;
                }
                Ok(false)
            }
            What::End { file, offset } => {
                let (skip, gtid) = (self.skip, self.gtid.take());
                self.waiting.come_to(file, *offset)?;
                if !skip {
                    self.not_lost(gtid.as_ref(), file, *offset)?;
                    self.end_transaction(entry.header.as_ref(), now_ms)?;
                }
                let ended = if skip {
                    self.ledger.end(|_| {})
                } else {
                    let advance = self.advance(gtid.as_ref(), file, *offset);
                    self.ledger.end(advance)
                };
                ended.map_err(|differs| another(self.ledger.position(), &differs))?;
                if self.tables.ended(self.ledger.position(), &mut self.output) {
                    self.ledger.touch();
                }
                self.event_s = entry.header.map_or(0, |header| header.time);
                Ok(true)
            }
            What::Reached { file, offset, beat } => {
                self.beaten = *beat;
                let reached = BinlogPosition::new(&**file, *offset);
                self.waiting.come_to(file, *offset)?;
                if reached > self.ledger.position().file && !self.waiting.comes_again() {
                    self.ledger.reached(|position| position.advance(None, file, *offset));
                }
                Ok(true)
            }
            What::Stop(failure) => {
                self.source_failed = true;
                Err(failure.clone())
            }
        }
    }
}
