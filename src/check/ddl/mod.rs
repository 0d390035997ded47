//! Schema changes as messages.

mod allow_and_deny;
mod deny_without_action;
mod drop_column_breaks_schema;
mod order_lost;

use super::Rule;
use super::settings::{Lane, Setting, Subject};
use crate::statement::{DdlKind, Property, Switch};
use crate::text::Span;

/// The rules of this area.
pub(super) const RULES: &[Rule] =
    &[allow_and_deny::RULE, order_lost::RULE, deny_without_action::RULE, drop_column_breaks_schema::RULE];

/// Where it is said that schema changes of tables are sent; none when they are not, or not all of them, or a statement of
/// that block is not known.
fn switched_on(lane: &Lane<'_>, subject: Subject<'_>) -> Option<Span> {
    match lane.setting((subject, Property::Ddl), |settings| settings.ddl.as_ref()) {
        Setting::Given(switch, _) => {
            (switch.value == Switch::On && !lane.is_damaged(switch.span)).then_some(switch.span)
        }
        Setting::Default | Setting::Various => None,
    }
}

/// Where it is said that a kind of schema change is sent, at `allow` or else at `ddl`; none when it is not.
fn sent(lane: &Lane<'_>, subject: Subject<'_>, kind: DdlKind) -> Option<Span> {
    let on = switched_on(lane, subject)?;
    let denied = match lane.setting((subject, Property::DdlDeny), |settings| settings.ddl_deny.as_ref()) {
        Setting::Default => false,
        Setting::Given(kinds, _) => kinds.value.contains(&kind),
        Setting::Various => true,
    };
    match lane.setting((subject, Property::DdlAllow), |settings| settings.ddl_allow.as_ref()) {
        _ if denied => None,
        Setting::Default => Some(on),
        Setting::Given(kinds, _) => kinds.value.contains(&kind).then_some(kinds.span),
        Setting::Various => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check_diagnostics;

    /// What a broken line may have said is no second finding.
    #[test]
    fn a_broken_line_has_no_consequences() {
        check_diagnostics(
            "include shop.*\nddl {\ndeny drop-column\n\
             on-deny stopp  # error[S0015]: `on-deny` takes `skip` or `stop` here, not `stopp`\n\
             topic  # error[S0015]: `topic` lacks `same` or a text in quotes at its end\n}\n",
        );
        check_diagnostics(
            "include shop.*\nddl {\non-deny stop\n}\n\
             headers schem  # error[S0015]: `headers` knows no `schem`; did you mean `schema`?\n",
        );
    }
}
