use crate::support::Folder;

const PYTHON: &[&str] = &["app.py", "test_app.py", "client.py", "requirements.txt", "requirements-dev.txt"];
const NODE: &[&str] = &["server.mjs", "package.json", "test/service.test.mjs", "client.mjs"];
const NEXT: &[&str] = &[
    "app/health/route.js",
    "app/hello/route.js",
    "app/echo/route.js",
    "next.config.mjs",
    "instrumentation.js",
    "package.json",
    "test/service.test.mjs",
    "client.mjs",
];
const NEST: &[&str] = &["src/main.ts", "tsconfig.json", "package.json", "test/service.test.mjs", "client.mjs"];
const FRAMEWORKS: [(&str, &[&str]); 12] = [
    ("fastapi", PYTHON),
    ("starlette", PYTHON),
    ("litestar", PYTHON),
    ("flask", PYTHON),
    ("django", PYTHON),
    ("aiohttp", PYTHON),
    ("express", NODE),
    ("fastify", NODE),
    ("hono", NODE),
    ("next", NEXT),
    ("nest", NEST),
    ("none", &[]),
];

#[test]
fn what_init_writes_is_accepted_by_check_without_a_warning() {
    for (framework, programs) in FRAMEWORKS {
        let folder = Folder::empty();
        let run = folder.run(&["init", "--framework", framework, "--service", "image-service"]).expect(0);
        for name in ["wiresign.json", "wiresign.schema.json", ".env.example"].iter().chain(programs) {
            assert!(folder.path().join(name).is_file(), "{name}");
            assert!(run.text().contains(name), "{name}");
        }
        assert!(!folder.path().join(".env").exists(), "secrets are written on demand only");

        folder.run(&["check", "--env-file", ".env.example"]).expect(1);
        let filled: String = folder
            .read(".env.example")
            .lines()
            .map(|line| if line.ends_with('=') { format!("{line}{}\n", keygen()) } else { format!("{line}\n") })
            .collect();
        folder.write(".env", filled);
        let report = folder.run(&["check", "--strict", "--json", "--env-file", ".env"]).expect(0).json();
        assert_eq!(report["service"], "image-service");
    }
}

fn keygen() -> String {
    Folder::empty().run(&["keygen"]).expect(0).text().trim_end().to_owned()
}

#[test]
fn no_placeholder_is_left() {
    for (framework, programs) in FRAMEWORKS {
        let folder = Folder::empty();
        folder.run(&["init", "--framework", framework, "--service", "a-b.c_9", "--caller", "9x"]).expect(0);
        for name in [&["wiresign.json", ".env.example"][..], programs].concat() {
            let text = folder.read(name);
            let between: Vec<&str> = text.split('@').skip(1).collect();
            let placeholder = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            assert_eq!(between.iter().rev().skip(1).find(placeholder), None, "{framework}, {name}");
        }
        let example = folder.read(".env.example");
        assert!(example.contains("\nA_B_C_9_SECRET=\n") && example.contains("\nSERVICE_9X_SECRET=\n"), "{example}");
    }
}

#[test]
fn with_secrets_makes_everything_ready() {
    let folder = Folder::empty();
    let run = folder.run(&["init", "--framework", "none", "--with-secrets", "--dir", "deep/er"]).expect(0);
    let env_file = folder.read("deep/er/.env");
    assert_eq!(env_file.lines().count(), 2);
    for line in env_file.lines() {
        let secret = line.split_once('=').expect("NAME=value").1;
        assert_eq!(secret.len(), 64);
        assert!(!run.text().contains(secret));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("deep/er/.env")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let check = ["check", "--strict", "-c", "deep/er/wiresign.json", "--env-file", "deep/er/.env"];
    folder.run(&check).expect(0);

    let options = ["-c", "deep/er/wiresign.json", "--env-file", "deep/er/.env"];
    let sign = ["sign", "--as", "example-client", "-t", "my-service", "/hello?name=you", "--http"];
    let message = folder.run(&[&sign[..], &options].concat()).expect(0).out;
    let verify = [&["verify", "--raw", "-", "--json"][..], &options].concat();
    assert_eq!(folder.run_with(&verify, &message).expect(0).json()["service"], "example-client");
}

#[test]
fn nothing_is_overwritten_without_force() {
    let folder = Folder::empty();
    folder.write("app.py", "mine");
    folder.write(".env", "mine");
    let run = folder.run(&["init", "--framework", "fastapi", "--with-secrets"]).expect(1);
    assert!(run.err.contains(". has app.py, .env already") && run.err.contains("--force"), "{}", run.err);
    assert!(!folder.path().join("wiresign.json").exists(), "all or nothing");
    assert_eq!((folder.read("app.py").as_str(), folder.read(".env").as_str()), ("mine", "mine"));

    folder.run(&["init", "--framework", "fastapi", "--with-secrets", "--force"]).expect(0);
    assert_ne!(folder.read("app.py"), "mine");
    assert_ne!(folder.read(".env"), "mine");

    let error = folder.run(&["init", "--framework", "none", "--json"]).expect(1).json();
    assert_eq!(error["error"]["kind"], "problem");
}

#[test]
fn json_lists_files_and_next_steps() {
    let folder = Folder::empty();
    let report = folder.run(&["init", "--framework", "express", "--json"]).expect(0).json();
    assert_eq!(report["written"].as_array().expect("a list").len(), 7);
    let next: Vec<&str> = report["next"].as_array().expect("a list").iter().filter_map(|step| step.as_str()).collect();
    assert!(next.contains(&"wiresign check --env-file .env"), "{next:?}");
}

#[test]
fn ids_that_cannot_be_used_are_refused() {
    let folder = Folder::empty();
    for arguments in [
        &["init"][..],
        &["init", "--framework", "rails"],
        &["init", "--framework", "none", "--service", "a b"],
        &["init", "--framework", "none", "--service", "a\"b"],
        &["init", "--framework", "none", "--service", ""],
        &["init", "--framework", "none", "--service", "a", "--caller", "a"],
        &["init", "--framework", "none", "--service", "a-b", "--caller", "a.b"],
    ] {
        folder.run(arguments).expect(2);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
