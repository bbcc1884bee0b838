//! Reads the sources: every export has the one wall against panics around its whole body, and none is missing in the
//! list of symbols that a built library is compared with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One exported function as it stands in its file.
struct Export {
    file: String,
    name: String,
    /// From the name's opening parenthesis to the brace of the body.
    signature: String,
    /// Between the braces.
    body: String,
}

const START: &str = "pub unsafe extern \"C\" fn ";

fn exports() -> Vec<Export> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut exports = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a file").path();
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let source = fs::read_to_string(&path).expect("text");
        let pieces: Vec<&str> = source.split(START).collect();
        let mentions = source.matches("extern \"").count();
        assert_eq!(mentions, pieces.len() - 1, "{file}: every export is written as `{START}`");
        assert_eq!(source.matches("no_mangle").count(), mentions, "{file}: exports and their names");
        for (before, piece) in pieces.iter().zip(&pieces[1..]) {
            assert!(before.ends_with("#[unsafe(no_mangle)]\n"), "{file}: the attribute stands before `{START}`");
            let (name, rest) = piece.split_once('(').expect("arguments");
            let (signature, rest) = rest.split_once(" {\n").expect("a body");
            let (body, _) = rest.split_once("\n}\n").expect("the end of the body");
            exports.push(Export {
                file: file.clone(),
                name: name.to_owned(),
                signature: signature.to_owned(),
                body: body.trim().to_owned(),
            });
        }
    }
    exports
}

#[test]
fn no_panic_leaves_an_export() {
    let exports = exports();
    assert!(exports.len() > 60, "only {} exports were found", exports.len());
    for Export { file, name, signature, body } in &exports {
        let at = format!("{file}: {name}");
        assert!(body.ends_with("})"), "{at}: guarded! is not the whole body");
        assert_eq!(body.matches("guarded!").count(), 1, "{at}: exactly one guarded!");
        if signature.contains("err: *mut *mut wiresign_error") {
            assert!(body.starts_with("guarded!(err, {"), "{at}: the body does not start with guarded!(err, {{");
            assert!(signature.ends_with("-> i32"), "{at}: an export with `err` gives a status");
            let parameters: Vec<&str> = signature.split(')').next().expect("parameters").split(',').collect();
            let last = parameters.iter().map(|text| text.trim()).rfind(|text| !text.is_empty());
            assert_eq!(last, Some("err: *mut *mut wiresign_error"), "{at}: `err` is the last argument");
        } else {
            assert!(body.starts_with("guarded!(else "), "{at}: the body does not start with guarded!(else");
        }
    }
}

#[test]
fn names_begin_with_the_name_of_the_library_and_are_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = fs::read_to_string(folder.join("symbols.txt")).expect("symbols.txt");
    let listed: BTreeSet<&str> = listed.lines().collect();
    let exports = exports();
    let released: BTreeSet<&str> =
        exports.iter().filter(|export| export.file != "panic_test.rs").map(|export| export.name.as_str()).collect();
    assert_eq!(released, listed);
    for export in &exports {
        assert!(export.name.starts_with("wiresign_"), "{}", export.name);
        assert!(!export.name.starts_with("wiresign_test_") || export.file == "panic_test.rs", "{}", export.name);
    }
}

#[test]
fn every_object_is_freed_by_its_own_function_and_null_is_nothing() {
    let exports = exports();
    let freed: Vec<&Export> = exports.iter().filter(|export| export.name.ends_with("_free")).collect();
    assert_eq!(freed.len(), 17);
    for export in freed {
        let object = export.name.strip_suffix("_free").expect("it ends so");
        assert!(export.signature.contains(&format!("*mut {object}")), "{}", export.name);
        assert!(export.body.contains("release("), "{}: release() takes NULL", export.name);
    }
}
