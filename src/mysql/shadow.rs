//! Tables that tools for online schema changes put beside the one they change.
//!
//! Source: gh-ost (`_T_gho`, `_T_ghc`, `_T_del`, `_T_YYYYMMDDhhmmss_del`) and pt-online-schema-change (`_T_new`, `_T_old`, with
//! up to ten more underscores in front when a name is taken).

/// Most underscores that pt-online-schema-change puts in front of its own.
const MORE_UNDERSCORES_MAX: usize = 10;

/// Ends of the names of copies; the other shadow tables are logs and what was there before.
const COPY_ENDS: [&str; 2] = ["_gho", "_new"];

/// Whether a shadow table has the name of a copy, which its tool fills in order to put it in the place of the original.
pub fn is_copy(table: &str) -> bool {
    COPY_ENDS.iter().any(|end| table.ends_with(end))
}

/// Names of the tables that `table` may be a shadow of; none when its name has no form of a shadow table.
pub fn bases(table: &str) -> impl Iterator<Item = &str> {
    gh_ost_bases(table).chain(pt_osc_bases(table))
}

/// As [`bases`], for the shadow tables of gh-ost.
pub fn gh_ost_bases(table: &str) -> impl Iterator<Item = &str> {
    let own = table.strip_prefix('_');
    let plain = ["_gho", "_ghc", "_del"].into_iter().filter_map(move |end| own?.strip_suffix(end));
    let dated = own.and_then(|own| own.strip_suffix("_del")).and_then(without_date);
    // A date behind a name is more likely gh-ost's than the table's own.
    dated.into_iter().chain(plain).filter(|base| !base.is_empty())
}

/// As [`bases`], for the shadow tables of pt-online-schema-change.
pub fn pt_osc_bases(table: &str) -> impl Iterator<Item = &str> {
    let own = table.strip_prefix('_');
    let ends = ["_new", "_old"].into_iter().filter_map(move |end| own?.strip_suffix(end));
    let bases = ends.flat_map(|base| {
        let more = base.len() - base.trim_start_matches('_').len();
        (0..=more.min(MORE_UNDERSCORES_MAX)).map(move |n| &base[n..])
    });
    bases.filter(|base| !base.is_empty())
}

/// A name without `_YYYYMMDDhhmmss` at its end.
fn without_date(name: &str) -> Option<&str> {
    let (base, date) = name.rsplit_once('_')?;
    (date.len() == 14 && date.bytes().all(|digit| digit.is_ascii_digit())).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_shadow_of(table: &str, base: &str) -> bool {
        bases(table).any(|one| one == base)
    }

    #[test]
    fn copies_are_those_that_take_a_place() {
        for copy in ["_orders_gho", "_orders_new", "___orders_new"] {
            assert!(is_copy(copy), "{copy}");
        }
        for other in ["_orders_old", "_orders_del", "_orders_ghc"] {
            assert!(!is_copy(other), "{other}");
        }
    }

    #[test]
    fn each_tool_has_its_forms() {
        let is = |mut bases: Box<dyn Iterator<Item = &str>>| bases.any(|base| base == "orders");
        assert!(is(Box::new(gh_ost_bases("_orders_gho"))) && !is(Box::new(pt_osc_bases("_orders_gho"))));
        assert!(is(Box::new(pt_osc_bases("__orders_new"))) && !is(Box::new(gh_ost_bases("__orders_new"))));
    }

    #[test]
    fn the_forms_of_both_tools() {
        for shadow in [
            "_orders_gho",
            "_orders_ghc",
            "_orders_del",
            "_orders_20260920101500_del",
            "_orders_new",
            "_orders_old",
            "___orders_old",
        ] {
            assert!(is_shadow_of(shadow, "orders"), "{shadow}");
        }
        for other in
            ["orders_gho", "_orders", "_orders_tmp", "_order_gho", "_orders_2026_del", "__orders_gho", "_gho"]
        {
            assert!(!is_shadow_of(other, "orders"), "{other}");
        }
        assert!(is_shadow_of("__orders_new", "_orders"), "a table may begin with an underscore itself");
        assert!(!is_shadow_of(&format!("{}orders_new", "_".repeat(12)), "orders"));
    }
}
