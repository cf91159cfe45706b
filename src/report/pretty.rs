//! JSON laid out to be read. Its numbers stay as they were written: read and written again, a decimal of many digits would be
//! another number.

use std::str::Chars;

/// `None` where it is no JSON.
pub fn laid_out(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut rest) = (0, text.chars());
    while let Some(letter) = rest.next() {
        match letter {
            '"' => quoted(&mut out, &mut rest),
            '{' | '[' => depth = opened(&mut out, letter, &mut rest, depth),
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line(&mut out, depth);
            }
            ':' => out += ": ",
            letter if letter.is_whitespace() => {}
            letter => out.push(letter),
        }
    }
    Some(out)
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// What is empty stays on its line.
fn opened(out: &mut String, letter: char, rest: &mut Chars<'_>, depth: usize) -> usize {
    out.push(letter);
    let after = rest.as_str().trim_start();
    match after.chars().next() {
        Some(end @ ('}' | ']')) => {
            out.push(end);
            *rest = after[1..].chars();
            depth
        }
        _ => {
            line(out, depth + 1);
            depth + 1
        }
    }
}

fn quoted(out: &mut String, rest: &mut Chars<'_>) {
    out.push('"');
    while let Some(letter) = rest.next() {
        out.push(letter);
        match letter {
            '"' => return,
            '\\' => out.extend(rest.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_like_what_everybody_knows() {
        let text = r#"{"a":[1,{"b":"x, \"y\": {z}"},[ ],{ }],"c":null,"d":"é\\"}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(laid_out(text), serde_json::to_string_pretty(&value).ok());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let digits = "123450000000000000000000000000.000000001";
        assert_eq!(laid_out(&format!("[{digits}]")).unwrap(), format!("[\n  {digits}\n]"));
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        assert_eq!(laid_out("<html>"), None);
        assert_eq!(laid_out("{\"a\": 1"), None);
    }
}
