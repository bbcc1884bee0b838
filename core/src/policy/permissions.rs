//! Permissions as one text, as tokens and those who ask for one write them.

/// The patterns of a text that was split at its spaces. A word that is no path is the method of the path behind it, as in
/// `GET /a/** POST /b`. The second value says whether every word belongs to a pattern.
pub(crate) fn permissions_of_words<'a>(words: impl Iterator<Item = &'a str>) -> (Vec<String>, bool) {
    let mut permissions = Vec::new();
    let (mut method, mut is_whole) = (None, true);
    for word in words {
        if !word.starts_with('/') {
            is_whole &= method.replace(word).is_none();
            continue;
        }
        permissions.push(match method.take() {
            Some(method) => format!("{method} {word}"),
            None => word.to_owned(),
        });
    }
    (permissions, is_whole && method.is_none())
}

#[cfg(test)]
mod tests {
    use super::permissions_of_words;

    #[test]
    fn methods_stand_before_their_paths() {
        let read = |text: &str| permissions_of_words(text.split(' '));
        assert_eq!(read("GET /a/** /b POST /c"), (vec!["GET /a/**".into(), "/b".into(), "POST /c".into()], true));
        assert_eq!(read("/a"), (vec!["/a".into()], true));
        assert_eq!(read("/a GET"), (vec!["/a".into()], false));
        assert_eq!(read("GET POST /a"), (vec!["POST /a".into()], false));
    }
}
