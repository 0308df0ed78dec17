//! Reads embeddings from NumPy's `.npy` (format 1.0 to 3.0, NEP 1): a matrix of f4 or f8,
//! little-endian, row after row.
//!
//! It is our own since both crates that read the format, npyz and ndarray-npy, parse the header with a
//! grammar of Python's literals: 13 crates more, two of which need a C compiler, for the 40 lines of
//! [`layout`], whose errors say what to do besides.

use std::fs;
use std::path::Path;

use razz_base::Embedding;

use crate::terminal::Failure;

/// An embedding for each detection of a file, in its order.
#[derive(Debug)]
pub(super) struct Embeddings {
    rows: Vec<Option<Embedding>>,
    name: String,
}

/// How the numbers of a matrix lie in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Layout {
    /// Of a number.
    bytes: usize,
    rows: usize,
    columns: usize,
    /// Where the numbers begin.
    from: usize,
}

impl Embeddings {
    /// Reads the rows for so many detections.
    ///
    /// # Errors
    /// When the file cannot be read, is of another kind, or has not a row for each detection.
    pub(super) fn read(path: &Path, detections: usize) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let wrong = |what: String| Failure::Refused(format!("{name}: {what}"));
        let data = fs::read(path)
            .map_err(|error| wrong(format!("cannot be read: {error}; see --embeddings")))?;
        let layout = layout(&data).map_err(wrong)?;
        if layout.rows != detections {
            return Err(wrong(format!(
                "{} rows for {detections} detections; one row is expected for each line of \
                 --detections",
                layout.rows
            )));
        }
        Ok(Self { rows: layout.read(&data), name })
    }

    /// The embedding of a detection; `None` where its row has no direction.
    pub(super) fn get(&self, place: usize) -> Option<&Embedding> {
        self.rows.get(place)?.as_ref()
    }

    /// How many rows are not used, and why.
    pub(super) fn note(&self) -> Option<String> {
        let unusable = self.rows.iter().filter(|row| row.is_none()).count();
        let first = self.rows.iter().position(Option::is_none)? + 1;
        let (all, name) = (self.rows.len(), &self.name);
        Some(format!(
            "{name}: {unusable} of {all} rows not used: zero, or not finite (first: row {first})"
        ))
    }
}

impl Layout {
    fn read(self, data: &[u8]) -> Vec<Option<Embedding>> {
        let row_bytes = self.bytes * self.columns;
        let number = |bytes: &[u8]| match bytes {
            &[a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            bytes => bytes.try_into().map_or(f32::NAN, |b| f64::from_le_bytes(b) as f32),
        };
        let mut values = Vec::with_capacity(self.columns);
        (0..self.rows)
            .map(|row| {
                values.clear();
                let bytes = &data[self.from + row * row_bytes..][..row_bytes];
                values.extend(bytes.chunks_exact(self.bytes).map(number));
                Embedding::normalised(&values)
            })
            .collect()
    }
}

/// Reads the header, and sees that the numbers are all there.
fn layout(data: &[u8]) -> Result<Layout, String> {
    const MAGIC: &[u8] = b"\x93NUMPY";
    let advice = "write it with numpy.save(path, vectors.astype('<f4'))";
    if !data.starts_with(MAGIC) {
        return Err(format!("this is no .npy file; {advice}"));
    }
    let cut = || format!("the file is cut short; {advice}");
    let (length, start) = match data.get(6..12) {
        Some(&[1, _, a, b, ..]) => (usize::from(u16::from_le_bytes([a, b])), 10),
        Some(&[2 | 3, _, a, b, c, d]) => (u32::from_le_bytes([a, b, c, d]) as usize, 12),
        Some(&[version, ..]) => {
            return Err(format!("version {version} of .npy is not known here; {advice}"));
        }
        _ => return Err(cut()),
    };
    let from = start + length;
    let header = data.get(start..from).ok_or_else(cut)?;
    let header = String::from_utf8_lossy(header);
    let value = |key: &str| {
        let after = header.split_once(&format!("'{key}'"))?.1;
        Some(after.trim_start().strip_prefix(':')?.trim_start())
    };
    let wrong = |what: &str| format!("its header says {:?}: {what}; {advice}", header.trim());
    let kind = value("descr").and_then(|text| text.strip_prefix('\'')?.split('\'').next());
    let bytes = match kind {
        Some("<f4") => 4,
        Some("<f8") => 8,
        _ => return Err(wrong("expected the kind '<f4' or '<f8'")),
    };
    if !value("fortran_order").is_some_and(|text| text.starts_with("False")) {
        return Err(wrong("expected row after row ('fortran_order': False)"));
    }
    let shape = value("shape").and_then(|text| text.strip_prefix('(')?.split(')').next());
    let shape: Option<Vec<usize>> = shape.and_then(|text| {
        let sides = text.split(',').map(str::trim).filter(|side| !side.is_empty());
        sides.map(|side| side.parse().ok()).collect()
    });
    let Some([rows, columns]) = shape.as_deref() else {
        return Err(wrong("expected the shape (rows, columns)"));
    };
    let (rows, columns) = (*rows, *columns);
    let wanted = rows.checked_mul(columns).and_then(|numbers| numbers.checked_mul(bytes));
    match wanted {
        Some(wanted) if data.len() - from >= wanted => Ok(Layout { bytes, rows, columns, from }),
        _ => Err(cut()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut data = b"\x93NUMPY".to_vec();
        data.extend([version, 0]);
        match version {
            1 => data.extend((header.len() as u16).to_le_bytes()),
            _ => data.extend((header.len() as u32).to_le_bytes()),
        }
        data.extend(header.as_bytes());
        data.extend(numbers);
        data
    }

    #[test]
    fn matrices_of_both_kinds_and_all_versions_are_read() {
        let f4: Vec<u8> = [3f32, 4.0, 0.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let f8: Vec<u8> = [3f64, 4.0, 0.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        for (version, header, numbers) in [
            (1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", &f4),
            (2, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n", &f8),
            (3, "{'shape':(2,2),'fortran_order':False,'descr':'<f8'}", &f8),
        ] {
            let data = file(version, header, numbers);
            let rows = layout(&data).unwrap().read(&data);
            assert_eq!(rows[0].as_ref().unwrap().as_slice(), [0.6, 0.8], "{header}");
            assert_eq!(rows[1], None, "zero has no direction");
            let embeddings = Embeddings { rows, name: "e".to_owned() };
            assert!(embeddings.get(0).is_some() && embeddings.get(2).is_none());
            let note = embeddings.note().unwrap();
            assert!(note.starts_with("e: 1 of 2 rows not used") && note.ends_with("row 2)"));
        }
    }

    #[test]
    fn other_files_are_refused() {
        let header = |kind: &str, order: &str, shape: &str| {
            let text = format!("{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}");
            file(1, &text, &[0; 16])
        };
        for (data, said) in [
            (b"PK\x03\x04".to_vec(), "this is no .npy file"),
            (Vec::new(), "this is no .npy file"),
            (b"\x93NUMPY\x01\x00".to_vec(), "the file is cut short"),
            (file(4, "{}", &[]), "version 4 of .npy"),
            (header("'>f4'", "False", "(2, 2)"), "expected the kind '<f4' or '<f8'"),
            (header("'<i8'", "False", "(2, 2)"), "expected the kind '<f4' or '<f8'"),
            (header("'<f4'", "True", "(2, 2)"), "expected row after row"),
            (header("'<f4'", "False", "(4,)"), "expected the shape (rows, columns)"),
            (header("'<f4'", "False", "(2, -2)"), "expected the shape (rows, columns)"),
            (header("'<f4'", "False", "(2, 3)"), "the file is cut short"),
            (header("'<f8'", "False", "(2, 2)"), "the file is cut short"),
            (
                header("'<f8'", "False", "(9223372036854775807, 9223372036854775807)"),
                "the file is cut short",
            ),
        ] {
            let error = layout(&data).unwrap_err();
            assert!(error.contains(said) && error.contains("numpy.save"), "{error}");
        }
    }
}
