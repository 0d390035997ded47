//! Whether a name was surely meant to be another one, so that a repair may write it unasked.

use super::guess::sorted_parts;
use crate::diagnostic::{Diagnostic, Fix};
use crate::text::Span;

/// True when `written` is `near` with a slip of the hand. Names that differ in digits, or in a word of several, are names of two
/// things as likely: `orders_2024` and `orders_2023`, `shop_eu` and `shop_us`.
pub fn is_slip(written: &str, near: &str) -> bool {
    let (written, near) = (written.to_lowercase(), near.to_lowercase());
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(&written) != digits(&near) {
        return false;
    }
    let (own, others) = (sorted_parts(&written), sorted_parts(&near));
    let unparted = |name: &str| name.replace(SEPARATORS, "");
    if own == others || unparted(&written) == unparted(&near) {
        return true;
    }
    let is_alone = own.len() == 1;
    own.len() == others.len()
        && written
            .split(SEPARATORS)
            .zip(near.split(SEPARATORS))
            .all(|(part, other)| part == other || is_slip_of_part(part, other, is_alone))
}

/// What parts the words of a name.
pub(super) const SEPARATORS: [char; 4] = ['_', '-', '.', ' '];

/// The same of a word, which may be all of the name.
fn is_slip_of_part(written: &str, near: &str, is_alone: bool) -> bool {
    let n_signs = |text: &str| text.chars().count();
    let signs = |text: &str| {
        let mut signs: Vec<char> = text.chars().collect();
        signs.sort_unstable();
        signs
    };
    let longest = n_signs(written).max(n_signs(near));
    let is_swapped = signs(written) == signs(near);
    let is_replaced = n_signs(written) == n_signs(near) && !is_swapped;
    // `eu` and `us`, `min` and `mid` are words of their own.
    if longest <= 2 && !is_swapped || is_replaced && longest == 3 && !is_alone {
        return false;
    }
    strsim::damerau_levenshtein(written, near) <= ((longest + 1) / 4).max(1)
}

/// The same of each part of a path such as `Europe/Berlin`.
pub(super) fn is_slip_of_path(written: &str, near: &str) -> bool {
    let (own, others): (Vec<&str>, Vec<&str>) = (written.split('/').collect(), near.split('/').collect());
    own.len() == others.len() && own.iter().zip(others).all(|(own, other)| is_slip(own, other))
}

/// Adds to a finding about a name what was meant: as a repair that is certain only where the name is a slip of that.
pub fn write_near(
    finding: Diagnostic,
    (written, near): (&str, &str),
    span: Span,
    text: impl Into<String>,
) -> Diagnostic {
    let text = text.into();
    let fix = Fix::sure_if(is_slip(written, near), format!("write `{text}`"), span, text);
    finding.label(format!("did you mean `{near}`?")).fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand() {
        let slips = [
            ("BUS", "bus"),
            ("buss", "bus"),
            ("bux", "bus"),
            ("ue", "eu"),
            ("custmer_no", "customer_no"),
            ("custoemr_no", "customer_no"),
            ("orders_shop_eu", "shop_orders_eu"),
            ("createdat", "created_at"),
            ("shop.ordres", "shop.orders"),
            ("recieved_at", "received_at"),
        ];
        for (written, near) in slips {
            assert!(is_slip(written, near), "{written} {near}");
        }
    }

    #[test]
    fn other_names() {
        let others = [
            ("orders_2024", "orders_2023"),
            ("shop_eu", "shop_us"),
            ("home_phone", "work_phone"),
            ("customers_north", "customers_south"),
            ("sum_min", "sum_mid"),
            ("kind_2", "kind"),
            ("order_x", "order"),
            ("db1", "db2"),
        ];
        for (written, near) in others {
            assert!(!is_slip(written, near), "{written} {near}");
        }
    }
}
