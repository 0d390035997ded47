//! "Did you mean" for globs that take nothing.

use std::collections::BTreeSet;

/// Fewest signs that are no wildcards of a glob that is guessed at: shorter ones are near too much.
const SIGNS_MIN: usize = 6;

/// Signs of which a glob may have two that are wrong.
const SIGNS_OF_TWO: usize = 10;

/// The glob that `written`, which takes none of the names, was probably meant to be. None for one with classes or ranges, where no
/// name is near, where two are equally near, or where digits alone differ: what came before may be named for ever.
pub fn closest_glob<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let n_signs = written.chars().filter(|sign| !matches!(sign, '*' | '?')).count();
    if n_signs < SIGNS_MIN || written.contains('[') {
        return None;
    }
    let limit = if n_signs < SIGNS_OF_TWO { 1 } else { 2 };
    let without_digits = |text: &str| text.replace(|sign: char| sign.is_ascii_digit(), "");
    let guesses: BTreeSet<String> = names.into_iter().filter_map(|name| like(written, name, limit)).collect();
    let mut guesses = guesses.into_iter();
    let guess = guesses.next().filter(|guess| without_digits(guess) != without_digits(written))?;
    guesses.next().is_none().then_some(guess)
}

/// A glob of the form of `written` that takes `name`, when that is near.
fn like(written: &str, name: &str, limit: usize) -> Option<String> {
    let near = |signs: &str, part: &str| {
        // What parts words stays where it is.
        let parts = |text: &str| text.matches(['_', '-']).count();
        parts(signs) == parts(part) && distance(signs, part) <= limit && !is_other_word(signs, part)
    };
    let (head, tail) = (written.strip_suffix('*'), written.strip_prefix('*'));
    match (head, tail) {
        (Some(signs), _) if !signs.contains('*') => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            let parts = ends.map(|end| &name[..end]).filter(|part| near(signs, part));
            let best = parts.min_by_key(|part| (distance(signs, part), part.len().abs_diff(signs.len())))?;
            (signs.ends_with('_') == best.ends_with('_')).then(|| format!("{best}*"))
        }
        (_, Some(signs)) if !signs.contains('*') => {
            let begins = name.char_indices().map(|(at, _)| at);
            let parts = begins.map(|begin| &name[begin..]).filter(|part| near(signs, part));
            let best = parts.min_by_key(|part| (distance(signs, part), part.len().abs_diff(signs.len())))?;
            (signs.starts_with('_') == best.starts_with('_')).then(|| format!("*{best}"))
        }
        (None, None) if !written.contains('*') && near(written, name) => Some(name.to_owned()),
        _ => None,
    }
}

/// True where words differ by what is added to one of them: `archived` and `archive` are words of their own.
fn is_other_word(signs: &str, part: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(['_', '-']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    words(signs).iter().zip(&words(part)).any(|(one, other)| {
        one != other
            && (one.starts_with(other)
                || other.starts_with(one)
                || one.ends_with(other)
                || other.ends_with(one))
    })
}

/// Edit distance, with `?` equal to any sign; two neighbours in each other's place are one mistake.
fn distance(glob: &str, text: &str) -> usize {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=text.len()).collect()];
    for (n, &sign) in glob.iter().enumerate() {
        let (before, mut row) = (&rows[n], vec![n + 1]);
        for (m, &other) in text.iter().enumerate() {
            let same = sign == '?' || sign == other;
            let mut least = (before[m] + usize::from(!same)).min(before[m + 1] + 1).min(row[m] + 1);
            if n > 0 && m > 0 && (glob[n - 1], sign) == (other, text[m - 1]) {
                least = least.min(rows[n - 1][m - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[glob.len()][text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_glob_was_meant_to_be() {
        let check = |written: &str, names: &[&str], expected: Option<&str>| {
            assert_eq!(closest_glob(written, names.iter().copied()).as_deref(), expected, "{written}");
        };
        check("intrnal_*", &["id", "internal_note", "internal_id"], Some("internal_*"));
        check("lab_r?ww", &["lab_raw", "orders"], Some("lab_raw"));
        check("*_intrnal", &["note_internal", "note_inter"], Some("*_internal"));
        check("*_intern", &["note_internal", "note_inter"], None);
        check("*_emial_hash", &["work_email_hash"], Some("*_email_hash"));
        // Short, of years, or of another word.
        check("tmp_*", &["temp_a"], None);
        check("log_2023_*", &["log_2024_a"], None);
        check("backup_*", &["backups"], None);
        check("archived_*", &["archive_rules"], None);
        check("sessions_*", &["session_log"], None);
        check("archive_[0..9]", &["archives_1"], None);
    }
}
