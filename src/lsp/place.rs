//! Places as the protocol counts them: lines from 0, columns in UTF-16, files as URIs.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::{Position, Range, Uri};

pub fn position(text: &str, offset: usize) -> Position {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().map(char::len_utf16).sum::<usize>();
    Position::new(before.matches('\n').count() as u32, column as u32)
}

pub fn range(text: &str, start: usize, end: usize) -> Range {
    Range::new(position(text, start), position(text, end))
}

/// Past the end of a line is its end; past the last line, the end of the text.
pub fn offset(text: &str, position: Position) -> usize {
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(position.line as usize).map(str::len).sum();
    let line = lines.next().unwrap_or("").trim_end_matches(['\n', '\r']);
    let (mut at, mut units) = (0, 0);
    for c in line.chars() {
        if units >= position.character as usize {
            break;
        }
        units += c.len_utf16();
        at += c.len_utf8();
    }
    start + at
}

/// `None` for what is no file on this machine.
pub fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let decoded = decoded(&rest[rest.find('/')?..])?;
    // `/c:/work` is `c:/work` where drives have letters.
    let drive = decoded.as_bytes().get(2) == Some(&b':') && cfg!(windows);
    Some(PathBuf::from(if drive { &decoded[1..] } else { &decoded }))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

pub fn uri(path: &Path) -> Option<Uri> {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut encoded = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    Uri::from_str(&encoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_utf_16() {
        let text = "a\n# ö 😀 b\r\nc";
        let at = text.find('b').unwrap();
        assert_eq!(position(text, at), Position::new(1, 7));
        assert_eq!(offset(text, Position::new(1, 7)), at);
        assert_eq!(offset(text, Position::new(1, 99)), text.find('\r').unwrap());
        assert_eq!(offset(text, Position::new(9, 0)), text.len());
    }

    #[test]
    fn paths_go_there_and_back() {
        let there = Path::new("/work/my shop/första.sendoff");
        let uri = uri(there).unwrap();
        assert_eq!(uri.as_str(), "file:///work/my%20shop/f%C3%B6rsta.sendoff");
        assert_eq!(path(&uri).unwrap(), there);
        assert_eq!(path(&Uri::from_str("untitled:Untitled-1").unwrap()), None);
    }
}
