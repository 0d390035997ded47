//! Labels of ENUM and SET, in whatever form a format has prepared them.

/// The label of an index of ENUM; 0, the invalid value, is the empty text. What is wrong with the index otherwise.
pub(super) fn label<L: AsRef<[u8]>>(labels: &[L], index: u16) -> Result<&[u8], &'static str> {
    let Some(at) = usize::from(index).checked_sub(1) else { return Ok(b"") };
    labels.get(at).map(AsRef::as_ref).ok_or("an index without a label")
}

/// The labels of the bits of SET, in the order of their declaration.
pub(super) fn of_set<L: AsRef<[u8]>>(
    labels: &[L],
    bits: u64,
) -> impl Iterator<Item = Result<&[u8], &'static str>> {
    let mut rest = bits;
    std::iter::from_fn(move || {
        let at = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(labels.get(at).map(AsRef::as_ref).ok_or("a bit without a label"))
    })
}

/// Appends the labels of the bits of SET with commas between them. What is wrong with the bits otherwise.
pub(super) fn join<L: AsRef<[u8]>>(labels: &[L], bits: u64, out: &mut Vec<u8>) -> Result<(), &'static str> {
    for (at, label) in of_set(labels, bits).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [&str; 3] = ["x", "", "z"];

    #[test]
    fn indexes_begin_at_one() {
        assert_eq!(label(&LABELS, 0), Ok(&b""[..]));
        assert_eq!(label(&LABELS, 1), Ok(&b"x"[..]));
        assert_eq!(label(&LABELS, 3), Ok(&b"z"[..]));
        assert_eq!(label(&LABELS, 4), Err("an index without a label"));
    }

    #[test]
    fn bits_are_labels_in_their_order() {
        let joined = |bits| {
            let mut out = Vec::new();
            join(&LABELS, bits, &mut out).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(joined(0), Ok(String::new()));
        assert_eq!(joined(0b101), Ok("x,z".into()));
        assert_eq!(joined(0b111), Ok("x,,z".into()));
        // An empty label stands alone, and is not nothing in between.
        assert_eq!(joined(0b110), Ok(",z".into()));
        assert_eq!(joined(1 << 63), Err("a bit without a label"));
    }
}
