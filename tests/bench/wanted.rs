//! Formats that the command line names.

use super::formats;
use syncc::format::FormatPlan;

/// All where it names none.
pub(crate) fn wanted() -> impl Iterator<Item = FormatPlan> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    formats::all().into_iter().filter(move |plan| asked.is_empty() || asked.contains(&formats::name(plan)))
}
