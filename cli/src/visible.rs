//! Shows bytes so that no character hides: what is signed can be compared by eye.

use std::fmt::Write as _;

/// Renders bytes for reading. A space becomes `·`, a newline `\n` followed by a line break, a backslash `\\`; other
/// characters without a shape become `\r`, `\t` or `\u{..}`, and bytes that are not UTF-8 `\xNN`.
pub(crate) fn render(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                ' ' => shown.push('·'),
                '\n' => shown.push_str("\\n\n"),
                // The debug escapes leave everything that has a shape alone; quotes need no escape here, and the
                // middle dot needs one because it stands for a space.
                '\'' | '"' => shown.push(letter),
                '·' => shown.extend(letter.escape_unicode()),
                _ => shown.extend(letter.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            write!(shown, "\\x{byte:02x}").expect("writing to a String cannot fail");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn every_invisible_character_gets_a_shape() {
        assert_eq!(render(b"GET\n/a b\t\r\n\\"), "GET\\n\n/a·b\\t\\r\\n\n\\\\");
        assert_eq!(render("a\u{200b}\u{a0}\u{202e}·".as_bytes()), "a\\u{200b}\\u{a0}\\u{202e}\\u{b7}");
        assert_eq!(render(b"\0\x1b\xff\xc3("), "\\0\\u{1b}\\xff\\xc3(");
    }

    #[test]
    fn readable_text_stays_readable() {
        assert_eq!(render("{\"k\":'Größe'}".as_bytes()), "{\"k\":'Größe'}");
    }

    #[test]
    fn different_bytes_never_look_the_same() {
        let samples: Vec<Vec<u8>> =
            (0..=255u8).map(|byte| vec![byte]).chain([b"\\n".to_vec(), "\u{b7}".into(), b"\\n\n".to_vec()]).collect();
        for (index, first) in samples.iter().enumerate() {
            for second in &samples[index + 1..] {
                assert_ne!(render(first), render(second), "{first:?} {second:?}");
            }
        }
    }
}
