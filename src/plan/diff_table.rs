//! What a new plan changes for one table.

use super::change::{FORMAT_CHANGED, KEY_CHANGED, PARTITION_RULE_CHANGED, TOPIC_MOVED};
use super::diff::Comparison;
use super::{Decider, Part, Subject, TableDecision, TopicSettings};
use crate::pattern::{NamePattern, Relation};
use crate::statement::{ColumnRule, KeyRule, MaskMethod, MaskRule, PartitionRule, Property, Reload};

impl Comparison<'_> {
    /// Two decisions about a table; `after` made the new one.
    pub(super) fn table(
        &mut self,
        table: &Subject,
        old: &TableDecision,
        new: &TableDecision,
        after: &Decider,
    ) {
        let (db, name) = (table.db.as_str(), table.table.as_str());
        let shown = || table.to_string();
        let place = |this: &Self, property: Property| {
            let layer = after.layer_of(db, name, property);
            layer
                .and_then(|n| this.origins.span(this.id, Part::Layer(n, property)))
                .or_else(|| this.place(Part::Pipeline))
        };
        // Whatever is added to a decision has to be compared.
        let TableDecision {
            db: new_db,
            table: new_table,
            topic,
            topic_settings: TopicSettings { create, partitions, replicas, min_insync, cleanup, retention_ms },
            key,
            key_form,
            key_change,
            partition,
            hash,
            columns,
            column_names,
            names,
            masks,
            conditions,
            time_zone,
            format,
            headers,
            tombstones,
            changes,
            ddl,
            truncate,
            on_error,
            on_oversize,
            on_invalid_value,
        } = new;
        let made = old.topic_settings;
        let line = match (&old.db, &old.table) == (new_db, new_table) {
            true => after.column_rename_hit(db, name),
            false => after.rename_hits(db, name).last().copied(),
        };
        let rename = line.map_or(Part::Pipeline, Part::Rename);
        let renamed = (&old.db, &old.table, &old.column_names) != (new_db, new_table, column_names);
        if old.names != *names {
            self.breaks(FORMAT_CHANGED, "names", self.place(Part::Names), Some(shown()));
        } else if renamed {
            // A topic that is called after the table goes with its name: then no message of the old form is beside a new one.
            let code = if old.topic == *topic { FORMAT_CHANGED } else { TOPIC_MOVED };
            self.breaks(code, "rename", self.place(rename), Some(shown()));
        } else if old.topic != *topic {
            self.breaks(TOPIC_MOVED, "topic", place(self, Property::Topic), Some(shown()));
        }
        for (differs, code, property) in [
            (old.key != *key || old.key_form != *key_form, KEY_CHANGED, Property::Key),
            (old.key_change != *key_change, FORMAT_CHANGED, Property::KeyChange),
            (old.partition != *partition || old.hash != *hash, PARTITION_RULE_CHANGED, Property::Partition),
            (made.partitions != *partitions, PARTITION_RULE_CHANGED, Property::TopicPartitions),
            (old.format != *format, FORMAT_CHANGED, Property::Format),
            (old.headers != *headers, FORMAT_CHANGED, Property::Headers),
            // A topic that begins to compact gets tombstones, which readers of such topics expect.
            (
                old.tombstones != *tombstones
                    && made.cleanup == *cleanup
                    && old.format.name() == format.name(),
                FORMAT_CHANGED,
                Property::Tombstones,
            ),
        ] {
            if differs {
                self.breaks(code, property.word(), place(self, property), Some(shown()));
            }
        }
        if old.columns != *columns {
            self.old_rows("columns", place(self, Property::Columns), shown());
        }
        if old.changes != *changes {
            self.old_rows("changes", place(self, Property::Changes), shown());
        }
        if old.masks != *masks {
            let layer = after.masking_layers(db, name).first().map_or(Part::Pipeline, |&n| Part::Mask(n, 0));
            let place = self.place(layer);
            let differs = |column: &String| mask_of(&old.masks, column) != mask_of(masks, column);
            // A row is masked before its key and its partition are made of it.
            if key_columns(new, table).iter().any(differs) {
                self.breaks(KEY_CHANGED, "mask", place, Some(shown()));
            } else if matches!(partition, PartitionRule::ByColumns(columns) if columns.iter().any(differs)) {
                self.breaks(PARTITION_RULE_CHANGED, "mask", place, Some(shown()));
            } else {
                self.old_rows("mask", place, shown());
            }
        }
        let other_zone = !conditions.is_empty() && old.time_zone != *time_zone;
        if old.conditions != *conditions || other_zone {
            let new = conditions.iter().position(|one| !old.conditions.contains(one)).unwrap_or(0);
            let layer = after.filtering_layer(db, name);
            let part = layer.map_or(Part::Pipeline, |n| Part::Condition(n, new));
            self.old_rows("where", self.place(part), shown());
        }
        let all_hold = old.conditions.iter().all(|condition| conditions.contains(condition));
        let bared = [
            ("columns", !is_narrower(old.columns.as_ref(), columns.as_ref())),
            ("mask", !masks_all_of(masks, &old.masks)),
            ("where", !all_hold || other_zone && !old.conditions.is_empty()),
        ];
        let bared = bared.into_iter().filter(|&(_, is_bared)| is_bared);
        self.bared.extend(bared.map(|(what, _)| (shown(), what)));
        let options = (made.create, made.replicas, made.min_insync, made.cleanup, made.retention_ms)
            != (*create, *replicas, *min_insync, *cleanup, *retention_ms);
        self.plain(options, "topic options", Reload::InPlace);
        self.plain(old.ddl != *ddl, "ddl", Reload::Rewire);
        self.plain(old.truncate != *truncate, "truncate", Reload::InPlace);
        self.plain(old.on_error != *on_error, "on-error", Reload::InPlace);
        self.plain(old.on_oversize != *on_oversize, "on-oversize", Reload::InPlace);
        self.plain(old.on_invalid_value != *on_invalid_value, "on-invalid-value", Reload::Rewire);
    }
}

/// The columns of the key, as far as they are known.
fn key_columns<'a>(decision: &'a TableDecision, table: &'a Subject) -> &'a [String] {
    match &decision.key {
        KeyRule::Primary => &table.key,
        KeyRule::Columns { columns, .. } => columns,
        KeyRule::None => &[],
    }
}

/// True when surely no column is sent by `new` that is not by `old`.
pub(super) fn is_narrower(old: Option<&ColumnRule>, new: Option<&ColumnRule>) -> bool {
    let all_of = |some: &[NamePattern], more: &[NamePattern]| some.iter().all(|one| more.contains(one));
    match (old, new) {
        (None, _) => true,
        (Some(ColumnRule::Only(old)), Some(ColumnRule::Only(new))) => all_of(new, old),
        (Some(ColumnRule::Except(old)), Some(ColumnRule::Except(new))) => all_of(old, new),
        (Some(_), _) => false,
    }
}

/// True when every column that the `old` rules mask is surely masked as before: each still holds, and what stands before it
/// did so, or takes none of its columns.
pub(super) fn masks_all_of(new: &[MaskRule], old: &[MaskRule]) -> bool {
    let are_apart = |one: &MaskRule, other: &MaskRule| {
        let matchers = one.column.compile_column().ok().zip(other.column.compile_column().ok());
        matchers.is_some_and(|(one, other)| one.relation(&other) == Relation::Disjoint)
    };
    old.iter().enumerate().all(|(n, rule)| {
        let at = new.iter().position(|one| one == rule);
        at.is_some_and(|at| new[..at].iter().all(|one| old[..n].contains(one) || are_apart(one, rule)))
    })
}

/// What becomes of a column's values; the first rule that takes it decides.
fn mask_of<'m>(masks: &'m [MaskRule], column: &str) -> Option<&'m MaskMethod> {
    let takes = |rule: &&MaskRule| rule.column.compile_column().is_ok_and(|name| name.matches(column));
    masks.iter().find(takes).map(|rule| &rule.method)
}
