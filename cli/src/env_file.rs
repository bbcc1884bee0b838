//! `.env` files: `NAME=value` lines, as Docker, Node and Python's dotenv read them.
//!
//! Blank lines and lines that start with `#` are skipped, `export ` before a name is allowed. A value may stand in
//! single quotes (taken as it is) or in double quotes (`\n`, `\r`, `\t`, `\"`, `\\`, `\$` are resolved). An unquoted
//! value ends before ` #`. Nothing is expanded, and no error shows a value: values are secrets.

use std::collections::HashMap;

/// Parses the text of a `.env` file. The error names the line and what to do.
pub(crate) fn parse(text: &str) -> Result<HashMap<String, String>, String> {
    let mut values = HashMap::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = entry(line).map_err(|problem| format!("line {}: {problem}", index + 1))?;
        if values.insert(name.to_owned(), value).is_some() {
            return Err(format!("line {}: {name} is set twice; remove one of the lines.", index + 1));
        }
    }
    Ok(values)
}

fn entry(line: &str) -> Result<(&str, String), &'static str> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("write NAME=value.")?;
    let name = name.trim_end();
    let mut letters = name.bytes();
    let starts_well = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if !starts_well || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_') {
        return Err("a name consists of letters, digits and underscores, and does not start with a digit.");
    }
    Ok((name, unquote(value.trim())?))
}

fn unquote(value: &str) -> Result<String, &'static str> {
    match value.as_bytes().first() {
        Some(b'\'') => {
            let (inside, after) = value[1..].split_once('\'').ok_or("close the single quote on the same line.")?;
            nothing_but_comment(after)?;
            Ok(inside.to_owned())
        }
        Some(b'"') => double_quoted(&value[1..]),
        _ => {
            let comment = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
            Ok(if value.starts_with('#') { String::new() } else { value[..comment].trim_end().to_owned() })
        }
    }
}

fn double_quoted(rest: &str) -> Result<String, &'static str> {
    let mut value = String::with_capacity(rest.len());
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                nothing_but_comment(letters.as_str())?;
                return Ok(value);
            }
            '\\' => value.push(match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(kept @ ('"' | '\\' | '$')) => kept,
                _ => return Err("inside double quotes write a backslash as \\\\."),
            }),
            _ => value.push(letter),
        }
    }
    Err("close the double quote on the same line.")
}

fn nothing_but_comment(after: &str) -> Result<(), &'static str> {
    let after = after.trim_start();
    if after.is_empty() || after.starts_with('#') {
        Ok(())
    } else {
        Err("nothing but a comment may follow the closing quote.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Result<String, String> {
        parse(line).map(|values| values["NAME"].clone())
    }

    #[test]
    fn reads_plain_quoted_and_exported_values() {
        for (line, expected) in [
            ("NAME=plain", "plain"),
            ("  NAME = spaced  ", "spaced"),
            ("export NAME=exported", "exported"),
            ("NAME=a=b==", "a=b=="),
            ("NAME=with#hash", "with#hash"),
            ("NAME=value # comment", "value"),
            ("NAME=", ""),
            ("NAME= # only a comment", ""),
            ("NAME='as $it \\n is' # comment", "as $it \\n is"),
            (r#"NAME="two\nlines \"q\" \\ \$x""#, "two\nlines \"q\" \\ $x"),
            ("\u{feff}NAME=after a byte order mark", "after a byte order mark"),
            ("# comment\r\n\r\nNAME=dos\r\n", "dos"),
        ] {
            assert_eq!(value(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn refuses_what_has_no_single_reading_and_shows_no_value() {
        for line in [
            "s3cret",
            "1NAME=s3cret",
            "NA-ME=s3cret",
            "=s3cret",
            "NAME='s3cret",
            "NAME=\"s3cret",
            "NAME='a' s3cret",
            "NAME=\"a\" s3cret",
            "NAME=\"s3cret\\x\"",
            "NAME=a\nNAME=s3cret",
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.starts_with("line "), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
