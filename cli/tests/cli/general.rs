use std::process::Stdio;

use crate::support::{Folder, NOW};

const COMMANDS: [&str; 10] =
    ["keygen", "init", "check", "sign", "verify", "explain", "call", "refusals", "schemes", "completions"];

#[test]
fn every_help_ends_with_the_exit_codes() {
    let folder = Folder::empty();
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let run = folder.run(&[command, flag]).expect(0);
            assert!(
                run.text().contains("Exit codes:") && run.text().contains("verify, explain: the request was refused"),
                "{command}"
            );
        }
    }
    assert!(folder.run(&["--help"]).expect(0).text().contains("Exit codes:"));
}

#[test]
fn no_flag_takes_a_secret() {
    let folder = Folder::empty();
    for command in COMMANDS {
        let help = folder.run(&[command, "--help"]).expect(0);
        for word in ["--secret ", "--key ", "--password"] {
            assert!(!help.text().contains(word), "{command} {word}");
        }
    }
}

#[test]
fn wrong_flags_exit_with_2_and_say_so_on_standard_error() {
    let folder = Folder::new();
    for arguments in [&[][..], &["nonsense"], &["--nonsense"], &["check", "--nonsense"], &["completions", "tcsh"]] {
        let run = folder.run(arguments).expect(2);
        assert!(run.out.is_empty() && !run.err.is_empty(), "{arguments:?}");
    }
    let run = folder.run(&["check", "--from-env", "--config", "wiresign.json"]).expect(2);
    assert!(run.err.contains("cannot be used with"), "{}", run.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let run = Folder::empty().run(&["--version"]).expect(0);
    assert_eq!(run.text(), format!("wiresign {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn refusals_are_listed_and_explained() {
    let folder = Folder::empty();
    let all = folder.run(&["refusals", "--json"]).expect(0).json();
    let all = all.as_array().expect("a list");
    assert!(all.len() > 30);
    let text = folder.run(&["refusals"]).expect(0);
    for entry in all {
        let name = entry["name"].as_str().expect("a name");
        assert!(text.text().contains(name), "{name}");
        let explained = folder.run(&["refusals", name]).expect(0);
        assert!(explained.text().contains("What to do: "), "{name}");
        assert_eq!(&folder.run(&["refusals", &entry["number"].to_string(), "--json"]).expect(0).json(), entry);
    }
    assert!(folder.run(&["refusals", "replayed_request"]).expect(0).text().starts_with("REPLAYED_REQUEST (number 18)"));
    assert!(folder.run(&["refusals", "NO_SUCH_CODE"]).expect(2).err.contains("wiresign refusals"));
}

#[test]
fn schemes_are_listed_and_explained() {
    let folder = Folder::empty();
    let all = folder.run(&["schemes", "--json"]).expect(0).json();
    let all = all.as_array().expect("a list");
    assert!(all.len() > 50);
    let text = folder.run(&["schemes"]).expect(0);
    for id in ["service-hmac-v2", "rfc9421", "api-key"] {
        assert!(text.text().lines().any(|line| line.starts_with(&format!("{id} "))), "{id}");
        let explained = folder.run(&["schemes", id]).expect(0);
        assert!(explained.text().contains("docs/"), "{id}");
        let explained = folder.run(&["schemes", id, "--json"]).expect(0).json();
        assert!(all.contains(&explained), "{id}");
    }
    for entry in all.iter().filter(|entry| entry.get("template").is_some()).step_by(10) {
        let id = entry["id"].as_str().expect("an id");
        assert!(text.text().contains(id), "{id}");
        let explained = folder.run(&["schemes", id]).expect(0);
        assert!(explained.text().contains("## What it does not protect from"), "{id}");
        assert_eq!(&folder.run(&["schemes", id, "--json"]).expect(0).json(), entry);
    }
    let stripe = folder.run(&["schemes", "Stripe", "--json"]).expect(0).json();
    assert_eq!(stripe["covered"], serde_json::json!(["timestamp", "body"]));
    assert_eq!(stripe["window"], serde_json::json!({"past": 300, "future": 300}));
    assert!(folder.run(&["schemes", "no-such-sender"]).expect(2).err.contains("wiresign schemes"));
}

#[test]
fn completions_exist_for_each_shell() {
    let folder = Folder::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = folder.run(&["completions", shell]).expect(0);
        assert!(run.text().contains("show-message"), "{shell}");
        assert_eq!(folder.run(&["completions", shell, "--json"]).expect(0).json()["script"], run.text());
    }
    let script = folder.write("completions.bash", folder.run(&["completions", "bash"]).out);
    let status = std::process::Command::new("bash").arg("-n").arg(script).status().expect("bash");
    assert!(status.success(), "the script is valid shell syntax");
}

#[test]
fn a_reader_that_goes_away_changes_neither_the_exit_code_nor_standard_error() {
    let folder = Folder::new();
    for (arguments, code) in [
        (&["refusals"][..], 0),
        (&["verify", "/invoices", "--now", NOW], 3),
        (&["verify", "/health"], 0),
        (&["check", "--json"], 0),
        (&["completions", "zsh"], 0),
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let child =
            folder.command(arguments).stdout(writer).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(reader);
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn pipes_get_no_colours_and_no_color_is_honoured() {
    let folder = Folder::new();
    assert!(!folder.run(&["verify", "/invoices"]).expect(3).out.contains(&0x1b));
    let forced = folder.command(&["verify", "/invoices"]).env("CLICOLOR_FORCE", "1").output().expect("it runs");
    assert!(forced.stdout.contains(&0x1b), "colours exist");
    let mut command = folder.command(&["verify", "/invoices"]);
    let none = command.env("NO_COLOR", "1").env("TERM", "xterm").output().expect("it runs");
    assert!(!none.stdout.contains(&0x1b));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_no_success() {
    let folder = Folder::new();
    for (arguments, code) in [(&["keygen"][..], 1), (&["check", "--json"], 1), (&["verify", "/invoices"], 3)] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
        let output = folder.command(arguments).stdout(full).output().expect("it runs");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("not complete"), "{arguments:?}");
    }
}
