//! A document of binary JSON as a tree whose leaves borrow from it: what an update of a part needs.

use super::{JsonError, MAX_DEPTH, kind};
use std::borrow::Cow;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'b> {
    /// A number, literal, string or opaque value: its type and its bytes. Literals have one byte here.
    Scalar(u8, &'b [u8]),
    /// An array.
    Array(Vec<Node<'b>>),
    /// Members in stored order: shorter keys first, then by bytes.
    Object(Vec<(Cow<'b, [u8]>, Node<'b>)>),
}

impl<'b> Node<'b> {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn read(document: &'b [u8]) -> Result<Node<'b>, JsonError> {
        match document {
            // what a NOT NULL column holds after an INSERT IGNORE without a value
            [] => Ok(Node::Scalar(kind::LITERAL, &[0])),
            [kind, ..] => Tree { bytes: document, budget: document.len() }.value(*kind, 1, document.len(), 0),
        }
    }

    /// Appends the value as a document: its type and its bytes, containers in the large form.
    ///
    /// # Errors
    /// When it has more than 4 GiB or more than [`MAX_DEPTH`] levels.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        out.push(self.kind());
        self.write_value(out, 0)
    }

    fn kind(&self) -> u8 {
        match self {
            Node::Scalar(kind, _) => *kind,
            Node::Array(_) => kind::LARGE_ARRAY,
            Node::Object(_) => kind::LARGE_OBJECT,
        }
    }

    fn write_value(&self, out: &mut Vec<u8>, depth: usize) -> Result<(), JsonError> {
        let (keys, values): (Vec<&[u8]>, Vec<&Node<'_>>) = match self {
            Node::Scalar(_, bytes) => {
                out.extend_from_slice(bytes);
                return Ok(());
            }
            Node::Array(items) => (Vec::new(), items.iter().collect()),
            Node::Object(members) => members.iter().map(|(key, value)| (&**key, value)).unzip(),
        };
        let start = out.len();
        let large = |number: usize| u32::try_from(number).map_err(|_| too_large(start)).map(u32::to_le_bytes);
        if depth == MAX_DEPTH {
            return Err(JsonError { what: "too many levels", offset: start });
        }
        out.extend(large(values.len())?);
        out.extend([0; 4]);
        let mut place = 8 + 6 * keys.len() + 5 * values.len();
        for key in &keys {
            out.extend(large(place)?);
            out.extend(u16::try_from(key.len()).map_err(|_| too_large(start))?.to_le_bytes());
            place += key.len();
        }
        let entries = out.len();
        out.resize(entries + 5 * values.len(), 0);
        keys.iter().for_each(|key| out.extend_from_slice(key));
        for (index, value) in values.into_iter().enumerate() {
            let mut entry = [value.kind(), 0, 0, 0, 0];
            match value {
                Node::Scalar(kind, bytes) if stands_in_place(*kind, true) => {
                    // numbers of two bytes leave the others zero, as the server does
                    entry[1..=bytes.len()].copy_from_slice(bytes);
                }
                value => {
                    entry[1..].copy_from_slice(&large(out.len() - start)?);
                    value.write_value(out, depth + 1)?;
                }
            }
            out[entries + 5 * index..][..5].copy_from_slice(&entry);
        }
        let size = large(out.len() - start)?;
        out[start + 4..start + 8].copy_from_slice(&size);
        Ok(())
    }
}

fn too_large(offset: usize) -> JsonError {
    JsonError { what: "more bytes than a document can have", offset }
}

/// Whether values of type `kind` stand where containers have the places of others.
fn stands_in_place(kind: u8, large: bool) -> bool {
    match kind {
        kind::LITERAL | kind::INT16 | kind::UINT16 => true,
        kind::INT32 | kind::UINT32 => large,
        _ => false,
    }
}

struct Tree<'b> {
    bytes: &'b [u8],
    /// As of the writer of texts: parts that are used more than once run out.
    budget: usize,
}

impl<'b> Tree<'b> {
    fn value(&mut self, kind: u8, at: usize, end: usize, depth: usize) -> Result<Node<'b>, JsonError> {
        let len = match kind {
            kind::SMALL_OBJECT => return self.container(at, end, depth, false, true),
            kind::LARGE_OBJECT => return self.container(at, end, depth, true, true),
            kind::SMALL_ARRAY => return self.container(at, end, depth, false, false),
            kind::LARGE_ARRAY => return self.container(at, end, depth, true, false),
            kind::LITERAL => 1,
            kind::INT16 | kind::UINT16 => 2,
            kind::INT32 | kind::UINT32 => 4,
            kind::INT64 | kind::UINT64 | kind::DOUBLE => 8,
            kind::STRING => self.variable(at, at, end)?,
            kind::OPAQUE => self.variable(at, at + 1, end)?,
            _ => return Err(JsonError { what: "an unknown type", offset: at }),
        };
        Ok(Node::Scalar(kind, self.slice(at, len, end)?))
    }

    /// Bytes from `from` to the end of what stands behind the variable length at `at`.
    fn variable(&self, from: usize, at: usize, end: usize) -> Result<usize, JsonError> {
        let mut len = 0usize;
        for index in 0..5 {
            let byte = *self.bytes.get(..end).and_then(|bytes| bytes.get(at + index)).ok_or(cut(at))?;
            len |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(at - from + index + 1 + len);
            }
        }
        Err(JsonError { what: "an endless length", offset: at })
    }

    fn container(
        &mut self,
        at: usize,
        end: usize,
        depth: usize,
        large: bool,
        object: bool,
    ) -> Result<Node<'b>, JsonError> {
        if depth == MAX_DEPTH {
            return Err(JsonError { what: "too many levels", offset: at });
        }
        let width = if large { 4 } else { 2 };
        let n_members = self.number(at, width, end)?;
        let size = self.number(at + width, width, end)?;
        let end = at.checked_add(size).filter(|inner| *inner <= end).ok_or(outside(at))?;
        let keys = at + 2 * width;
        let key_entry = if object { width + 2 } else { 0 };
        let value_entry = 1 + width;
        let head = n_members.checked_mul(key_entry + value_entry).and_then(|len| len.checked_add(keys));
        if head.is_none_or(|head| head > end) {
            return Err(JsonError { what: "more members than bytes", offset: at });
        }
        let values = keys + n_members * key_entry;
        let place = |place: usize| at.checked_add(place).filter(|inner| *inner <= end).ok_or(outside(at));
        let mut items = Vec::new();
        let mut members = Vec::new();
        for index in 0..n_members {
            let entry = values + index * value_entry;
            let [kind] = *self.slice(entry, 1, end)? else { return Err(cut(entry)) };
            let value = if stands_in_place(kind, large) {
                self.value(kind, entry + 1, end, depth)?
            } else {
                let inner = place(self.number(entry + 1, width, end)?)?;
                self.value(kind, inner, end, depth + 1)?
            };
            if object {
                let entry = keys + index * key_entry;
                let from = place(self.number(entry, width, end)?)?;
                let len = self.number(entry + width, 2, end)?;
                members.push((Cow::Borrowed(self.slice(from, len, end)?), value));
            } else {
                items.push(value);
            }
        }
        Ok(if object { Node::Object(members) } else { Node::Array(items) })
    }

    fn number(&self, at: usize, width: usize, end: usize) -> Result<usize, JsonError> {
        let bytes = self.bytes.get(at..end).and_then(|bytes| bytes.get(..width)).ok_or(cut(at))?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn slice(&mut self, at: usize, len: usize, end: usize) -> Result<&'b [u8], JsonError> {
        self.budget = self
            .budget
            .checked_sub(len)
            .ok_or(JsonError { what: "parts that are used more than once", offset: at })?;
        self.bytes.get(at..end).and_then(|bytes| bytes.get(..len)).ok_or(cut(at))
    }
}

fn cut(offset: usize) -> JsonError {
    JsonError { what: "no more bytes", offset }
}

fn outside(offset: usize) -> JsonError {
    JsonError { what: "a place outside of its container", offset }
}
