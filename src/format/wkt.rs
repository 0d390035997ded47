//! Geometries as text: WKB → WKT in the form of JTS, `POINT (3 2)`.
//!
//! Numbers have no exponent. Guarantees: no bytes make it panic, nest deeper than [`MAX_DEPTH`], or write more than a constant
//! multiple of what it reads.
//! Source of the form: `org.locationtech.jts.io.WKTWriter`.

use super::number::write_plain_double;

/// Deepest nesting of collections.
const MAX_DEPTH: usize = 32;

/// Names by the type number of WKB, from 1.
const NAMES: [&str; 7] =
    ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];

/// Appends the text of a geometry; what is wrong with it otherwise.
pub(super) fn write_wkt(wkb: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut reader = Reader { rest: wkb, little: true };
    reader.geometry(true, 0, out)?;
    if reader.rest.is_empty() { Ok(()) } else { Err("bytes behind a geometry") }
}

/// Name of the type of a geometry, such as `POINT`; what is wrong with its head otherwise.
pub(super) fn type_name(wkb: &[u8]) -> Result<&'static str, &'static str> {
    Reader { rest: wkb, little: true }.head().map(|(_, name)| name)
}

struct Reader<'b> {
    rest: &'b [u8],
    little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (found, rest) = self.rest.split_first_chunk::<N>().ok_or("a geometry cut short")?;
        self.rest = rest;
        Ok(*found)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        let bytes = self.take()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(&mut self) -> Result<f64, &'static str> {
        let bytes = self.take()?;
        Ok(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    /// Byte order and type: the type's number and name.
    fn head(&mut self) -> Result<(u32, &'static str), &'static str> {
        self.little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err("a geometry of unknown byte order"),
        };
        let kind = self.u32()?;
        let name = (kind as usize).checked_sub(1).and_then(|at| NAMES.get(at));
        Ok((kind, name.ok_or("a geometry of unknown type")?))
    }

    /// A geometry with its head, and its name where `named`.
    fn geometry(&mut self, named: bool, depth: usize, out: &mut Vec<u8>) -> Result<(), &'static str> {
        if depth > MAX_DEPTH {
            return Err("a geometry nested too deep");
        }
        let (kind, name) = self.head()?;
        if named {
            out.extend_from_slice(name.as_bytes());
            out.push(b' ');
        }
        match kind {
            1 => self.point(out),
            2 => self.list(out, Reader::coordinates),
            3 => self.list(out, |reader, out| reader.list(out, Reader::coordinates)),
            4..=6 => self.list(out, |reader, out| reader.geometry(false, depth + 1, out)),
            _ => self.list(out, |reader, out| reader.geometry(true, depth + 1, out)),
        }
    }

    fn point(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        out.push(b'(');
        self.coordinates(out)?;
        out.push(b')');
        Ok(())
    }

    fn coordinates(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let (x, y) = (self.f64()?, self.f64()?);
        if !x.is_finite() || !y.is_finite() {
            return Err("a coordinate that is no number");
        }
        write_plain_double(x, out);
        out.push(b' ');
        write_plain_double(y, out);
        Ok(())
    }

    /// `(part, part)`, or `EMPTY`.
    fn list(
        &mut self,
        out: &mut Vec<u8>,
        mut part: impl FnMut(&mut Self, &mut Vec<u8>) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        let n_parts = self.u32()?;
        if n_parts == 0 {
            out.extend_from_slice(b"EMPTY");
            return Ok(());
        }
        for index in 0..n_parts {
            out.extend_from_slice(if index == 0 { b"(" } else { b", " });
            part(self, out)?;
        }
        out.push(b')');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(x: f64, y: f64) -> Vec<u8> {
        [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat()
    }

    fn many(kind: u32, parts: &[Vec<u8>]) -> Vec<u8> {
        [&[1][..], &kind.to_le_bytes(), &(parts.len() as u32).to_le_bytes(), &parts.concat()].concat()
    }

    fn ring(points: &[(f64, f64)]) -> Vec<u8> {
        let mut out = (points.len() as u32).to_le_bytes().to_vec();
        for (x, y) in points {
            out.extend_from_slice(&x.to_le_bytes());
            out.extend_from_slice(&y.to_le_bytes());
        }
        out
    }

    #[track_caller]
    fn check(wkb: &[u8], expected: &str) {
        let mut out = Vec::new();
        write_wkt(wkb, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn all_types() {
        check(&point(3.0, 2.0), "POINT (3 2)");
        check(&point(-0.5, 1e22), "POINT (-0.5 10000000000000000000000)");
        let line = ring(&[(0.0, 0.0), (1.5, -2.25)]);
        check(&[&[1, 2, 0, 0, 0][..], &line].concat(), "LINESTRING (0 0, 1.5 -2.25)");
        let square = ring(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)]);
        let hole = ring(&[(0.1, 0.1), (0.1, 0.2), (0.2, 0.2), (0.1, 0.1)]);
        let polygon = many(3, &[square, hole]);
        let text = "((0 0, 0 1, 1 1, 0 0), (0.1 0.1, 0.1 0.2, 0.2 0.2, 0.1 0.1))";
        check(&polygon, &format!("POLYGON {text}"));
        check(&many(6, std::slice::from_ref(&polygon)), &format!("MULTIPOLYGON ({text})"));
        let points = many(4, &[point(0.0, 0.0), point(1.0, 1.0)]);
        check(&points, "MULTIPOINT ((0 0), (1 1))");
        check(
            &many(7, &[points, point(2.0, 2.0)]),
            "GEOMETRYCOLLECTION (MULTIPOINT ((0 0), (1 1)), POINT (2 2))",
        );
        check(&many(7, &[]), "GEOMETRYCOLLECTION EMPTY");
        let big_endian = [&[0, 0, 0, 0, 1][..], &3f64.to_be_bytes(), &2f64.to_be_bytes()].concat();
        check(&big_endian, "POINT (3 2)");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let mut out = Vec::new();
            let _ = write_wkt(&bytes, &mut out);
            prop_assert!(out.len() <= 400 * (bytes.len() + 1));
        }
    }

    #[test]
    fn deep_collections_are_refused() {
        let mut wkb = many(7, &[]);
        for _ in 0..100 {
            wkb = many(7, &[wkb]);
        }
        assert_eq!(write_wkt(&wkb, &mut Vec::new()), Err("a geometry nested too deep"));
    }
}
