//! Opening one file.

use super::ReadError;
use crate::project::{FILE_BYTES_MAX, LOCK_BYTES_MAX, LOCK_NAME};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a file.
///
/// # Errors
///
/// When it cannot be read, is no regular file, or is larger than a project file may be.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let limit_bytes = if name == LOCK_NAME { LOCK_BYTES_MAX } else { FILE_BYTES_MAX };
    let unreadable = |source: std::io::Error| ReadError::Unreadable { path: path.to_owned(), source };
    // Opening a pipe without a writer would wait for one; a terminal must not become ours.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file =
        File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| unreadable(errno.into()))?);
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ReadError::NotRegular { path: path.to_owned() });
    }
    // One more than it holds, so that its end is seen without another buffer.
    let mut bytes = Vec::with_capacity(metadata.len().min(limit_bytes) as usize + 1);
    file.take(limit_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::FileTooLarge { path: path.to_owned(), limit_bytes });
    }
    Ok(bytes)
}

/// Text of a file; U+FFFD stands for bytes that are not UTF-8.
///
/// # Errors
///
/// Those of [`read_bytes`].
pub fn read_text(path: &Path) -> Result<String, ReadError> {
    let bytes = read_bytes(path)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|failed| String::from_utf8_lossy(failed.as_bytes()).into_owned()))
}
