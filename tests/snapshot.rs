//! Results compared with files beside the cases.

use snapbox::{Assert, Data};
use std::path::Path;

/// Compares with a file; with `SNAPSHOTS=overwrite` writes it.
pub(crate) fn compare(actual: String, expected: &Path) -> Result<(), String> {
    let name = expected.display();
    let expected = Data::read_from(expected, None).raw();
    let result =
        Assert::new().action_env("SNAPSHOTS").try_eq(Some(&name), Data::text(actual).raw(), expected);
    result.map_err(|difference| difference.to_string())
}
