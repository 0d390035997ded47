//! Settings of tables, level by level.

use super::Part;
use crate::ast::Settings;
use crate::pattern::TablePattern;
use crate::statement::{
    BigintUnsigned, BinaryForm, ChangeKind, Cleanup, ColumnRule, Compatibility, Create, DdlKind,
    DdlPartition, DdlTopic, DecimalForm, Dialect, EnumForm, FormatHeartbeat, FormatName, Header, Key,
    KeyChange, MaskRule, Millis, Nulls, OnDeny, OnError, OnInvalidValue, OnOversize, Partition, Property,
    Quoted, SnapshotOp, Subject, Switch, Template, Truncate, WordSet, table_properties,
};
use crate::text::{Span, Spanned};
use crate::transform::filter::Condition;
use serde::{Deserialize, Serialize};

macro_rules! layer {
    ($($(#[$doc:meta])* $variant:ident, $field:ident: $type:ty, $word:literal, $block:literal;)+) => {
        /// Settings of one level for the tables a pattern takes.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct Layer {
            /// Level: 0 defaults, 1 pipeline, 2 `to`, 3 `table`, 4 `table` inside `to`.
            pub level: u8,
            /// Which tables; none: all.
            pub tables: Option<TablePattern>,
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )+
            /// `mask`, the strongest first.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub masks: Vec<MaskRule>,
            /// `where`, each of which must hold.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub conditions: Vec<Condition>,
        }

        impl Layer {
            /// The settings of a block, the n-th of its task; `note` is told where each is written.
            pub(super) fn new(
                n: usize,
                level: u8,
                tables: Option<&TablePattern>,
                settings: &Settings,
                mut note: impl FnMut(Part, Span),
            ) -> Layer {
                $(
                    if let Some(value) = &settings.$field {
                        note(Part::Layer(n, Property::$variant), value.span);
                    }
                )+
                let mut masks: Vec<MaskRule> = Vec::new();
                for level in [&settings.masks, &settings.profile_masks] {
                    let mut level: Vec<&Spanned<MaskRule>> = level.iter().collect();
                    level.sort_by(|a, b| (&a.value, a.span).cmp(&(&b.value, b.span)));
                    for mask in level {
                        if !masks.contains(&mask.value) {
                            note(Part::Mask(n, masks.len()), mask.span);
                            masks.push(mask.value.clone());
                        }
                    }
                }
                let lines = settings.conditions.iter().flat_map(|line| line.value.condition.conjuncts());
                let mut conditions: Vec<Condition> = lines.cloned().collect();
                // The order of what must all be true means nothing, nor how it is spread over lines.
                conditions.sort();
                conditions.dedup();
                Layer {
                    level,
                    tables: tables.cloned(),
                    $($field: settings.$field.as_ref().map(|value| value.value.clone()),)+
                    masks,
                    conditions,
                }
            }

            /// A setting as it is written; none where the level does not give it.
            pub fn shown(&self, property: Property) -> Option<String> {
                match property {
                    $(Property::$variant => self.$field.as_ref().map(ToString::to_string),)+
                }
            }

            /// True when the level gives a setting.
            pub fn gives(&self, property: Property) -> bool {
                match property {
                    $(Property::$variant => self.$field.is_some(),)+
                }
            }
        }
    };
}

table_properties!(layer);
