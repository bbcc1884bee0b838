//! JSON as text that can be written again in the ways in which libraries write it. Order, repeats and spellings are kept.

/// A value. What is not asked to change is written as it stood.
pub(super) enum Node<'t> {
    Object(Vec<(Text<'t>, Self)>),
    Array(Vec<Self>),
    String(Text<'t>),
    Number(&'t str),
    /// `true`, `false` or `null`.
    Word(&'t str),
}

pub(super) struct Text<'t> {
    /// As it stands in the document, quotes included.
    raw: &'t str,
    pub(super) plain: String,
}

/// Where white space goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Compact,
    /// `, ` and `: `.
    Spaces,
    Indented {
        by: &'static str,
        colon: &'static str,
    },
}

impl Layout {
    pub(super) const ALL: [Self; 6] = [
        Self::Compact,
        Self::Spaces,
        Self::Indented { by: "  ", colon: ": " },
        Self::Indented { by: "    ", colon: ": " },
        Self::Indented { by: "\t", colon: ": " },
        Self::Indented { by: "  ", colon: " : " },
    ];
}

/// In which order the members of objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Received,
    Sorted,
    /// As in JavaScript: whole numbers first, and the last of equal names in the first one's place.
    Script,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::Received, Self::Sorted, Self::Script];
}

/// Which characters of strings are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    Received,
    /// No more than must be.
    Few,
    /// All outside ASCII.
    Ascii,
    Slashes,
    SlashesAndAscii,
    /// `<`, `>`, `&` and the two line separators.
    Html,
    /// Much of ASCII and all outside it, in upper case.
    HtmlAndAscii,
}

impl Escapes {
    pub(super) const ALL: [Self; 7] =
        [Self::Received, Self::Few, Self::Ascii, Self::Slashes, Self::SlashesAndAscii, Self::Html, Self::HtmlAndAscii];
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Received,
    Script,
    Python,
}

impl Numbers {
    pub(super) const ALL: [Self; 3] = [Self::Received, Self::Script, Self::Python];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) layout: Layout,
    pub(super) order: Order,
    pub(super) escapes: Escapes,
    pub(super) numbers: Numbers,
}

impl Style {
    /// Compact, and everything else as it stood.
    pub(super) const PLAIN: Self = Self {
        layout: Layout::Compact,
        order: Order::Received,
        escapes: Escapes::Received,
        numbers: Numbers::Received,
    };
}

const MAX_DEPTH: usize = 64;

/// Parses a document (RFC 8259); nothing where it is none, or holds half a surrogate pair.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    let mut parser = Parser { text, at: 0 };
    let node = parser.value(0)?;
    parser.space();
    (parser.at == text.len()).then_some(node)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Node<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            b'{' => self
                .list(b'}', |parser| {
                    parser.space();
                    let name = parser.string()?;
                    parser.take(b':')?;
                    Some((name, parser.value(depth + 1)?))
                })
                .map(Node::Object),
            b'[' => self.list(b']', |parser| parser.value(depth + 1)).map(Node::Array),
            b'"' => self.string().map(Node::String),
            b'-' | b'0'..=b'9' => {
                let number = self.run(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
                number.parse::<f64>().is_ok().then_some(Node::Number(number))
            }
            _ => {
                let word = self.run(|byte| byte.is_ascii_lowercase());
                ["true", "false", "null"].contains(&word).then_some(Node::Word(word))
            }
        }
    }

    fn run(&mut self, is: impl Fn(u8) -> bool) -> &'t str {
        let start = self.at;
        while self.peek().is_some_and(&is) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn list<T>(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(end).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(b',').is_none() {
                return self.take(end).map(|()| items);
            }
        }
    }

    fn string(&mut self) -> Option<Text<'t>> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let mut plain = String::new();
        loop {
            let letter = self.text[self.at..].chars().next()?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Some(Text { raw: &self.text[start..self.at], plain }),
                '\\' => plain.push(self.escape()?),
                letter if letter < ' ' => return None,
                letter => plain.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                match first {
                    0xd800..=0xdbff => {
                        if self.text.as_bytes().get(self.at..self.at + 2)? != b"\\u" {
                            return None;
                        }
                        self.at += 2;
                        char::decode_utf16([first, self.unit()?]).next()?.ok()?
                    }
                    _ => char::from_u32(u32::from(first))?,
                }
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
    }
}

impl Node<'_> {
    /// Writes the document in a style.
    pub(super) fn write(&self, style: Style) -> String {
        let mut text = String::new();
        self.put(style, 0, &mut text);
        text
    }

    fn put(&self, style: Style, depth: usize, text: &mut String) {
        match self {
            Self::Object(members) => {
                let members = ordered(members, style.order);
                put_list(text, ['{', '}'], style.layout, depth, &members, |(name, value), text| {
                    put_text(name, style.escapes, text);
                    text.push_str(match style.layout {
                        Layout::Compact => ":",
                        Layout::Spaces => ": ",
                        Layout::Indented { colon, .. } => colon,
                    });
                    value.put(style, depth + 1, text);
                });
            }
            Self::Array(items) => {
                put_list(text, ['[', ']'], style.layout, depth, items, |item, text| item.put(style, depth + 1, text));
            }
            Self::String(string) => put_text(string, style.escapes, text),
            Self::Number(number) => match style.numbers {
                Numbers::Received => text.push_str(number),
                Numbers::Script => text.push_str(&script_number(number)),
                Numbers::Python => text.push_str(&python_number(number)),
            },
            Self::Word(word) => text.push_str(word),
        }
    }

    /// The document as Python prints the objects that it stands for.
    pub(super) fn python(&self) -> String {
        match self {
            Self::Object(members) => {
                let members = ordered(members, Order::Received);
                let member =
                    |(name, value): &&(Text<'_>, Self)| format!("{}: {}", python_text(&name.plain), value.python());
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
            }
            Self::Array(items) => format!("[{}]", items.iter().map(Self::python).collect::<Vec<_>>().join(", ")),
            Self::String(string) => python_text(&string.plain),
            Self::Number(number) => python_number(number),
            Self::Word("true") => "True".into(),
            Self::Word("false") => "False".into(),
            Self::Word(_) => "None".into(),
        }
    }

    /// The members of an object that holds no other objects and no arrays, as texts.
    pub(super) fn flat(&self) -> Option<Vec<(&str, &str)>> {
        let Self::Object(members) = self else { return None };
        let texts = members.iter().map(|(name, value)| match value {
            Self::String(string) => Some((&*name.plain, &*string.plain)),
            Self::Number(text) | Self::Word(text) => Some((&*name.plain, *text)),
            Self::Object(_) | Self::Array(_) => None,
        });
        texts.collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
    }
}

fn ordered<'n, 't>(members: &'n [(Text<'t>, Node<'t>)], order: Order) -> Vec<&'n (Text<'t>, Node<'t>)> {
    let mut ordered: Vec<_> = members.iter().collect();
    match order {
        Order::Received => {}
        Order::Sorted => ordered.sort_by(|(left, _), (right, _)| left.plain.cmp(&right.plain)),
        Order::Script => {
            let mut last: Vec<&(Text<'_>, Node<'_>)> = Vec::new();
            let mut places = hashbrown::HashMap::<&str, usize, foldhash::fast::FixedState>::default();
            for member in ordered {
                match places.get(&*member.0.plain) {
                    Some(&at) => last[at] = member,
                    None => {
                        places.insert(&member.0.plain, last.len());
                        last.push(member);
                    }
                }
            }
            last.sort_by_key(|(name, _)| index(&name.plain).map_or((1, 0), |index| (0, index)));
            return last;
        }
    }
    ordered
}

/// A member's name as the index of an array.
fn index(name: &str) -> Option<u32> {
    name.parse().ok().filter(|index: &u32| *index < u32::MAX && index.to_string() == name)
}

fn put_list<T>(
    text: &mut String,
    [open, close]: [char; 2],
    layout: Layout,
    depth: usize,
    items: &[T],
    mut put: impl FnMut(&T, &mut String),
) {
    text.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match layout {
            Layout::Indented { by, .. } => {
                text.push('\n');
                (0..=depth).for_each(|_| text.push_str(by));
            }
            Layout::Spaces if at > 0 => text.push(' '),
            Layout::Spaces | Layout::Compact => {}
        }
        put(item, text);
    }
    if let (Layout::Indented { by, .. }, false) = (layout, items.is_empty()) {
        text.push('\n');
        (0..depth).for_each(|_| text.push_str(by));
    }
    text.push(close);
}

fn put_text(string: &Text<'_>, escapes: Escapes, text: &mut String) {
    if escapes == Escapes::Received {
        text.push_str(string.raw);
        return;
    }
    let slashes = matches!(escapes, Escapes::Slashes | Escapes::SlashesAndAscii);
    let ascii = matches!(escapes, Escapes::Ascii | Escapes::SlashesAndAscii | Escapes::HtmlAndAscii);
    let html = matches!(escapes, Escapes::Html | Escapes::HtmlAndAscii);
    let upper = escapes == Escapes::HtmlAndAscii;
    text.push('"');
    for letter in string.plain.chars() {
        match letter {
            '"' if upper => text.push_str("\\u0022"),
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '/' if slashes => text.push_str("\\/"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if html => put_unit(letter as u16, upper, text),
            '\'' | '+' | '`' if upper => put_unit(letter as u16, upper, text),
            letter if letter < ' ' || (letter == '\u{7f}' && upper) => put_unit(letter as u16, upper, text),
            letter if ascii && !letter.is_ascii() => {
                letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| put_unit(*unit, upper, text));
            }
            letter => text.push(letter),
        }
    }
    text.push('"');
}

fn put_unit(unit: u16, upper: bool, text: &mut String) {
    text.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
}

/// A number as JavaScript writes it after parsing.
fn script_number(raw: &str) -> String {
    let Some(number) = raw.parse::<f64>().ok().filter(|number| number.is_finite()) else { return "null".into() };
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    if number == 0.0 { "0".into() } else { format!("{number}") }
}

/// A number as Python writes it after parsing.
fn python_number(raw: &str) -> String {
    if !raw.contains(['.', 'e', 'E']) {
        return raw.into();
    }
    let Some(number) = raw.parse::<f64>().ok().filter(|number| number.is_finite()) else { return raw.into() };
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{number:?}")
}

/// Text as Python prints it.
pub(super) fn python_text(plain: &str) -> String {
    let quote = if plain.contains('\'') && !plain.contains('"') { '"' } else { '\'' };
    let mut text = String::from(quote);
    for letter in plain.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            letter if letter == quote => text.extend(['\\', letter]),
            letter if letter < ' ' || letter == '\u{7f}' => text.push_str(&format!("\\x{:02x}", letter as u32)),
            letter => text.push(letter),
        }
    }
    text.push(quote);
    text
}

/// Bytes as Python prints them.
pub(super) fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut text = format!("b{}", char::from(quote));
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            _ if byte == quote => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(char::from(quote));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_written_as_libraries_write_them() {
        let text = "{ \"b\" : [1.0, 1e2, {}], \"2\":\"é/<\\u00e9\", \"1\":null, \"b\":true }";
        let node = parse(text).expect("a document");
        let write = |style| node.write(style);
        assert_eq!(write(Style::PLAIN), r#"{"b":[1.0,1e2,{}],"2":"é/<\u00e9","1":null,"b":true}"#);
        assert_eq!(
            write(Style { order: Order::Script, numbers: Numbers::Script, escapes: Escapes::Few, ..Style::PLAIN }),
            r#"{"1":null,"2":"é/<é","b":true}"#
        );
        assert_eq!(
            write(Style { layout: Layout::Spaces, escapes: Escapes::Ascii, numbers: Numbers::Python, ..Style::PLAIN }),
            r#"{"b": [1.0, 100.0, {}], "2": "\u00e9/<\u00e9", "1": null, "b": true}"#
        );
        assert_eq!(
            write(Style { escapes: Escapes::HtmlAndAscii, order: Order::Sorted, ..Style::PLAIN }),
            r#"{"1":null,"2":"\u00E9/\u003C\u00E9","b":[1.0,1e2,{}],"b":true}"#
        );
        let indented = Style { layout: Layout::Indented { by: "  ", colon: ": " }, ..Style::PLAIN };
        assert_eq!(parse("{\"a\":[1,{}]}").expect("fine").write(indented), "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
        assert_eq!(parse("{\"a\":[1,\"it's\"]}").expect("fine").python(), "{'a': [1, \"it's\"]}");
        assert_eq!(python_bytes(b"{\"a\": \"\xc3\xa9\"}"), "b'{\"a\": \"\\xc3\\xa9\"}'");
    }

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        for (raw, script, python) in [
            ("1.0", "1", "1.0"),
            ("1e2", "100", "100.0"),
            ("1e21", "1e+21", "1e+21"),
            ("0.0000001", "1e-7", "1e-07"),
            ("12345678901234567890", "12345678901234567000", "12345678901234567890"),
            ("-0", "0", "-0"),
            ("1.5", "1.5", "1.5"),
            ("1e16", "10000000000000000", "1e+16"),
        ] {
            assert_eq!((&*script_number(raw), &*python_number(raw)), (script, python), "{raw}");
        }
    }

    #[test]
    fn what_is_no_document_is_not_read() {
        for bad in ["", "{", "[1,]", "{\"a\"}", "tru", "1 2", "\"\\ud83e\"", "\"\n\"", "--1", &"[".repeat(100)] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse("\"\\ud83e\\uddf1\"").is_some());
    }
}
