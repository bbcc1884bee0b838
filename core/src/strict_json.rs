//! Reads JSON (RFC 8259) that came from outside: in place, in one pass, and with one reading only.
//!
//! Refused beside what the grammar refuses: a member named twice in one object, whatever escapes spell its name; escapes of
//! half a surrogate pair; nesting deeper than [`MAX_DEPTH`]; more than [`MAX_OPEN_MEMBERS`] members in an object and those
//! around it. Nothing is copied, and there is no recursion.

use std::borrow::Cow;

/// How deep arrays and objects may be nested.
const MAX_DEPTH: usize = 8;
/// How many members may be named in an object and all objects round it.
const MAX_OPEN_MEMBERS: usize = 64;

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonFault {
    NotUtf8,
    Syntax,
    SameMember,
    TooDeep,
    TooManyMembers,
}

impl JsonFault {
    /// What follows "it".
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NotUtf8 => "is not UTF-8",
            Self::Syntax => "is not a JSON object",
            Self::SameMember => "has a member twice",
            Self::TooDeep => "is nested deeper than 8 levels",
            Self::TooManyMembers => "has more than 64 members",
        }
    }
}

/// A string, as it is written between the quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    written: &'a str,
    has_escapes: bool,
}

impl<'a> Text<'a> {
    /// The string where it is written without escapes.
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.has_escapes).then_some(self.written)
    }

    pub(crate) fn decoded(self) -> Cow<'a, str> {
        self.plain().map_or_else(|| Cow::Owned(unescape(self.written)), Cow::Borrowed)
    }

    pub(crate) fn is(self, wanted: &str) -> bool {
        match self.plain() {
            Some(text) => text == wanted,
            None => self.decoded() == wanted,
        }
    }
}

/// A value. What it holds has been checked already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(#[expect(dead_code, reason = "no claim that is read is true or false")] bool),
    /// A number, as it is written.
    Number(&'a str),
    String(Text<'a>),
    Array(Array<'a>),
    Object(Object<'a>),
}

/// The text of an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array<'a>(&'a str);

/// The text of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a>(&'a str);

impl<'a> Array<'a> {
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    /// An array that was read before, from its text.
    pub(crate) fn of_checked(text: &'a str) -> Self {
        Self(text)
    }

    pub(crate) fn each(self, mut visit: impl FnMut(Value<'a>)) {
        let walked = walk(self.0, Kind::Array, |_, value| visit(value));
        debug_assert!(walked.is_ok(), "it was checked with what is round it");
    }
}

impl<'a> Object<'a> {
    /// Reads a document that is one object, and shows its members in their order. Where it ends in an error, what was shown
    /// means nothing.
    pub(crate) fn read(document: &'a [u8], visit: impl FnMut(Text<'a>, Value<'a>)) -> Result<(), JsonFault> {
        let text = std::str::from_utf8(document).map_err(|_| JsonFault::NotUtf8)?;
        walk(text, Kind::Object, visit)
    }

    /// An object that was read before, from its text.
    pub(crate) fn of_checked(text: &'a str) -> Self {
        Self(text)
    }

    pub(crate) fn each(self, visit: impl FnMut(Text<'a>, Value<'a>)) {
        let walked = walk(self.0, Kind::Object, visit);
        debug_assert!(walked.is_ok(), "it was checked with what is round it");
    }

    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        let mut found = None;
        self.each(|member, value| {
            if member.is(name) {
                found = Some(value);
            }
        });
        found
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
}

/// An array or object that has begun and not ended.
#[derive(Clone, Copy)]
struct Level {
    kind: Kind,
    /// How many members had been named before it.
    named_before: usize,
}

/// Shows each value of the outermost array or object, with its name where it has one.
fn walk<'a>(text: &'a str, outermost: Kind, mut visit: impl FnMut(Text<'a>, Value<'a>)) -> Result<(), JsonFault> {
    let mut scanner = Scanner { text, at: 0 };
    let mut names = Names::new();
    let mut levels = [Level { kind: outermost, named_before: 0 }; MAX_DEPTH];
    let mut depth = 0;
    // Of the value of the outermost level that is being read.
    let mut name = Text { written: "", has_escapes: false };
    let mut start = 0;
    loop {
        // Here a value begins.
        scanner.skip_space();
        if depth == 1 {
            start = scanner.at;
        }
        let mut scalar = None;
        match scanner.peek() {
            Some(open @ (b'{' | b'[')) => {
                let kind = if open == b'{' { Kind::Object } else { Kind::Array };
                if depth == 0 && kind != outermost {
                    return Err(JsonFault::Syntax);
                }
                let level = Level { kind, named_before: names.count };
                *levels.get_mut(depth).ok_or(JsonFault::TooDeep)? = level;
                depth += 1;
                scanner.at += 1;
                scanner.skip_space();
                if scanner.peek() != Some(level.close()) {
                    if kind == Kind::Object {
                        let member = scanner.name(&mut names, level)?;
                        if depth == 1 {
                            name = member;
                        }
                    }
                    continue;
                }
            }
            _ if depth == 0 => return Err(JsonFault::Syntax),
            Some(b'"') => scalar = Some(Value::String(scanner.string()?)),
            Some(b'-' | b'0'..=b'9') => scalar = Some(Value::Number(scanner.number()?)),
            _ => scalar = Some(scanner.literal()?),
        }
        // Here a value has ended, or an array or object that holds nothing is about to.
        if let Some(value) = scalar
            && depth == 1
        {
            visit(name, value);
        }
        loop {
            let level = levels[depth - 1];
            scanner.skip_space();
            match scanner.peek() {
                Some(b',') => {
                    // After an opening bracket there was no value yet, but there the next byte is the closing one.
                    scanner.at += 1;
                    if level.kind == Kind::Object {
                        scanner.skip_space();
                        let member = scanner.name(&mut names, level)?;
                        if depth == 1 {
                            name = member;
                        }
                    }
                    break;
                }
                Some(close) if close == level.close() => {
                    scanner.at += 1;
                    depth -= 1;
                    names.count = level.named_before;
                    match depth {
                        0 => {
                            scanner.skip_space();
                            let is_whole = scanner.at == text.len();
                            return if is_whole { Ok(()) } else { Err(JsonFault::Syntax) };
                        }
                        1 => {
                            let written = &text[start..scanner.at];
                            visit(
                                name,
                                match level.kind {
                                    Kind::Array => Value::Array(Array(written)),
                                    Kind::Object => Value::Object(Object(written)),
                                },
                            );
                        }
                        _ => {}
                    }
                }
                _ => return Err(JsonFault::Syntax),
            }
        }
    }
}

impl Level {
    fn close(self) -> u8 {
        match self.kind {
            Kind::Array => b']',
            Kind::Object => b'}',
        }
    }
}

/// The names of the members of all objects that have not ended.
struct Names<'a> {
    names: [&'a str; MAX_OPEN_MEMBERS],
    count: usize,
    any_has_escapes: bool,
}

impl<'a> Names<'a> {
    fn new() -> Self {
        Self { names: [""; MAX_OPEN_MEMBERS], count: 0, any_has_escapes: false }
    }

    fn add(&mut self, name: Text<'a>, level: Level) -> Result<(), JsonFault> {
        self.any_has_escapes |= name.has_escapes;
        let others = &self.names[level.named_before..self.count];
        let is_there = if self.any_has_escapes {
            let name = unescape(name.written);
            others.iter().any(|other| unescape(other) == name)
        } else {
            others.contains(&name.written)
        };
        if is_there {
            return Err(JsonFault::SameMember);
        }
        *self.names.get_mut(self.count).ok_or(JsonFault::TooManyMembers)? = name.written;
        self.count += 1;
        Ok(())
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// A member's name, and the colon behind it.
    #[inline]
    fn name(&mut self, names: &mut Names<'a>, level: Level) -> Result<Text<'a>, JsonFault> {
        if self.peek() != Some(b'"') {
            return Err(JsonFault::Syntax);
        }
        let name = self.string()?;
        names.add(name, level)?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(JsonFault::Syntax);
        }
        self.at += 1;
        Ok(name)
    }

    /// The scanner is at the opening quote.
    #[inline]
    fn string(&mut self) -> Result<Text<'a>, JsonFault> {
        let start = self.at + 1;
        let mut has_escapes = false;
        self.at = start;
        loop {
            match self.peek().ok_or(JsonFault::Syntax)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    self.escape()?;
                }
                0..0x20 => return Err(JsonFault::Syntax),
                _ => self.at += 1,
            }
        }
        let written = &self.text[start..self.at];
        self.at += 1;
        Ok(Text { written, has_escapes })
    }

    /// The scanner is at the backslash.
    fn escape(&mut self) -> Result<(), JsonFault> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match code_unit(rest) {
                Some(0xd800..0xdc00) if matches!(code_unit(&rest[6..]), Some(0xdc00..0xe000)) => 12,
                None | Some(0xd800..0xe000) => return Err(JsonFault::Syntax),
                Some(_) => 6,
            },
            _ => return Err(JsonFault::Syntax),
        };
        Ok(())
    }

    /// The scanner is at the sign or the first digit.
    fn number(&mut self) -> Result<&'a str, JsonFault> {
        let start = self.at;
        self.skip_one(b"-");
        if !self.skip_one(b"0") {
            self.digits()?;
        }
        if self.skip_one(b".") {
            self.digits()?;
        }
        if self.skip_one(b"eE") {
            self.skip_one(b"+-");
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn skip_one(&mut self, any_of: &[u8]) -> bool {
        let is_there = self.peek().is_some_and(|byte| any_of.contains(&byte));
        self.at += usize::from(is_there);
        is_there
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(JsonFault::Syntax) } else { Ok(()) }
    }

    fn literal(&mut self) -> Result<Value<'a>, JsonFault> {
        let rest = &self.text.as_bytes()[self.at..];
        let literals: [(&[u8], Value<'a>); 3] =
            [(b"true", Value::Bool(true)), (b"false", Value::Bool(false)), (b"null", Value::Null)];
        let found = literals.into_iter().find(|(word, _)| rest.starts_with(word));
        let (word, value) = found.ok_or(JsonFault::Syntax)?;
        self.at += word.len();
        Ok(value)
    }
}

/// The number in `\uXXXX` at the start of a text.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// The string that a checked text between quotes stands for.
fn unescape(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest.as_bytes()[at..];
        let (character, length) = match escape.get(1) {
            Some(b'u') => {
                let unit = code_unit(escape).unwrap_or_default();
                match code_unit(&escape[6.min(escape.len())..]).filter(|_| (0xd800..0xdc00).contains(&unit)) {
                    Some(low) => (0x1_0000 + ((unit - 0xd800) << 10) + low.wrapping_sub(0xdc00), 12),
                    None => (unit, 6),
                }
            }
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(b'n') => (10, 2),
            Some(b'r') => (13, 2),
            Some(b't') => (9, 2),
            Some(other) => (u32::from(*other), 2),
            None => break,
        };
        text.push(char::from_u32(character).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = rest.get(at + length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(document: &str) -> Result<Vec<(String, String)>, JsonFault> {
        let mut members = Vec::new();
        Object::read(document.as_bytes(), |name, value| {
            let value = match value {
                Value::String(text) => format!("string {}", text.decoded()),
                Value::Number(number) => format!("number {number}"),
                Value::Array(array) => array.0.to_owned(),
                Value::Object(object) => object.0.to_owned(),
                other => format!("{other:?}"),
            };
            members.push((name.decoded().into_owned(), value));
        })?;
        Ok(members)
    }

    #[test]
    fn members_are_shown_in_their_order() {
        let members = read(r#" {"a":"x", "b" : -1.5e+3 ,"c":[1,{"a":[]}],"d":{"a":{}},"e":true,"f":false,"g":null} "#);
        let expected = [
            ("a", "string x"),
            ("b", "number -1.5e+3"),
            ("c", r#"[1,{"a":[]}]"#),
            ("d", r#"{"a":{}}"#),
            ("e", "Bool(true)"),
            ("f", "Bool(false)"),
            ("g", "Null"),
        ];
        assert_eq!(members.expect("good"), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(read("{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_inside_can_be_read_again() {
        let mut texts = Vec::new();
        Object::read(br#"{"realm":{"name":"x","roles":["a","b\u0063"]}}"#, |_, value| {
            let Value::Object(realm) = value else { panic!("an object") };
            let Some(Value::Array(roles)) = realm.get("roles") else { panic!("an array") };
            roles.each(|role| texts.push(format!("{role:?}")));
            assert!(realm.get("role").is_none());
        })
        .expect("good");
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn escapes_are_decoded() {
        let members = read(r#"{"\u0061\/\b\f\n\r\t\"\\":"\ud83d\ude00\u00e9é"}"#).expect("good");
        assert_eq!(members, [("a/\u{8}\u{c}\n\r\t\"\\".to_owned(), "string 😀éé".to_owned())]);
    }

    #[test]
    fn a_member_is_named_once() {
        for document in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"\u0061":1,"a":1}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[{"a":{"b":1,"b":1}}]}"#,
        ] {
            assert_eq!(read(document), Err(JsonFault::SameMember), "{document}");
        }
        assert!(read(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}],"c":{"a":1}}"#).is_ok());
    }

    #[test]
    fn depth_and_members_are_bounded() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(read(&nested(8)).is_ok());
        assert_eq!(read(&nested(9)), Err(JsonFault::TooDeep));
        assert_eq!(read(&nested(4000)), Err(JsonFault::TooDeep));
        let wide = |count: usize| {
            let members: Vec<String> = (0..count).map(|at| format!(r#""m{at}":1"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(read(&wide(64)).is_ok());
        assert_eq!(read(&wide(65)), Err(JsonFault::TooManyMembers));
    }

    #[test]
    fn other_texts_are_refused() {
        for document in [
            "",
            " ",
            "[]",
            "1",
            "null",
            r#""a""#,
            "{",
            "}",
            "{}}",
            "{} x",
            "{}\u{feff}",
            "\u{feff}{}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{'a':1}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[,1]}"#,
            r#"{"a":[1}"#,
            r#"{"a":[1 2]}"#,
            r#"{"a":{]}"#,
            r#"{"a":01}"#,
            r#"{"a":-}"#,
            r#"{"a":+1}"#,
            r#"{"a":.5}"#,
            r#"{"a":5.}"#,
            r#"{"a":1e}"#,
            r#"{"a":0x1}"#,
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":True}"#,
            r#"{"a":truex}"#,
            r#"{"a":"x}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            r#"{"a":"\u12g4"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\ud800\u0041"}"#,
            r#"{"a":"\udc00"}"#,
            "{\"a\":\"\n\"}",
            "{\"a\":\"\0\"}",
            "{/**/}",
            "{\u{a0}}",
        ] {
            assert_eq!(read(document), Err(JsonFault::Syntax), "{document:?}");
        }
        assert_eq!(Object::read(b"{\"a\":\"\xff\"}", |_, _| {}), Err(JsonFault::NotUtf8));
    }

    /// Without repeated names, which the other reader takes.
    fn has_other_rules(fault: JsonFault) -> bool {
        fault != JsonFault::Syntax && fault != JsonFault::NotUtf8
    }

    /// The other reader makes a float of each number, and some are too large for that. Here they stay text.
    fn is_out_of_range(error: &serde_json::Error) -> bool {
        error.to_string().starts_with("number out of range")
    }

    #[test]
    fn numbers_of_any_size_are_read() {
        let large = r#"{"a":1e511}"#;
        assert!(serde_json::from_str::<serde_json::Value>(large).is_err_and(|error| is_out_of_range(&error)));
        assert_eq!(Object::read(large.as_bytes(), |_, _| {}), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

        /// Held against a reader that others have written.
        #[test]
        fn texts_are_judged_as_serde_json_judges_them(
            text in r#"\{("[ab\\u06]{0,3}":? ?(1|-0|"x"|\[|\]|\{\}|null|,|\}|1e5|\\ud83d| ){0,3},?){0,3}\}"#
        ) {
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
            match Object::read(text.as_bytes(), |_, _| {}) {
                Ok(()) => prop_assert!(theirs.is_ok() || theirs.is_err_and(|error| is_out_of_range(&error)), "{text}"),
                Err(fault) => prop_assert!(theirs.is_err() || has_other_rules(fault), "{text} {fault:?}"),
            }
        }

        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Object::read(&bytes, |name, value| { let _ = (name.decoded(), value); });
        }

        #[test]
        fn any_member_is_read_as_serde_json_reads_it(name in any::<String>(), text in any::<String>()) {
            let document = serde_json::to_string(&serde_json::json!({ &name: &text })).expect("JSON");
            prop_assert_eq!(read(&document), Ok(vec![(name, format!("string {text}"))]));
        }
    }
}
