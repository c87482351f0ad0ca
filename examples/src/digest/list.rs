//! The lines of `--list`: byte for byte those of `sha256sum`.

use std::borrow::Cow;
use std::path::Path;

use crate::digest::Hash;

/// `DIGEST  PATH\n`; a backslash in front and escapes in the name when it holds a backslash, a line feed or a carriage
/// return.
pub(crate) fn line(hash: &Hash, path: &Path) -> Vec<u8> {
    let name = bytes(path);
    let escape = name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
    let mut line = Vec::with_capacity(name.len() + 68);
    if escape {
        line.push(b'\\');
    }
    line.extend_from_slice(hex(hash).as_bytes());
    line.extend_from_slice(b"  ");
    for &byte in name.iter() {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            _ => line.push(byte),
        }
    }
    line.push(b'\n');
    line
}

/// Lower-case hexadecimal.
pub(crate) fn hex(hash: &Hash) -> String {
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(b"0123456789abcdef"[nibble as usize]))
        .collect()
}

/// The name as the file system has it.
#[cfg(unix)]
fn bytes(path: &Path) -> Cow<'_, [u8]> {
    use std::os::unix::ffi::OsStrExt;
    Cow::Borrowed(path.as_os_str().as_bytes())
}

/// The name as text, with forward slashes, as the ports of `sha256sum` print it.
#[cfg(not(unix))]
fn bytes(path: &Path) -> Cow<'_, [u8]> {
    Cow::Owned(path.to_string_lossy().replace('\\', "/").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_have_no_backslash_in_front() {
        let text = String::from_utf8(line(&[0xa0; 32], Path::new("a b"))).unwrap();
        assert_eq!(text, format!("{}  a b\n", "a0".repeat(32)));
    }

    #[cfg(unix)]
    #[test]
    fn special_names_are_escaped_and_marked() {
        let text = String::from_utf8(line(&[0; 32], Path::new("a\\b\nc\r"))).unwrap();
        assert_eq!(text, format!("\\{}  a\\\\b\\nc\\r\n", "00".repeat(32)));
    }
}
