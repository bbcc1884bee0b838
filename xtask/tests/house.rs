//! The rules of the house that hold over all crates: who may depend on whom, and under which licences.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// What each crate of the house may depend on, of the house.
const DIRECTIONS: [(&str, &[&str]); 13] = [
    ("wiresign", &[]),
    ("wiresign-host", &["wiresign"]),
    ("wiresign-cli", &["wiresign", "wiresign-host"]),
    ("wiresign-python", &["wiresign", "wiresign-host"]),
    ("wiresign-node", &["wiresign", "wiresign-host"]),
    ("wiresign-c", &["wiresign", "wiresign-host"]),
    // Its tests ask for all of its own features.
    ("wiresign-tower", &["wiresign", "wiresign-host", "wiresign-tower"]),
    ("wiresign-uniffi", &["wiresign", "wiresign-host"]),
    ("wiresign-uniffi-bindgen", &[]),
    ("wiresign-conformance", &["wiresign", "wiresign-host"]),
    // It measures the layer on a server.
    ("wiresign-bench", &["wiresign", "wiresign-host", "wiresign-tower"]),
    // A service of the example fleet.
    ("rewards-service", &["wiresign-host", "wiresign-tower"]),
    ("xtask", &[]),
];

/// Everything that the core may be built with, its dependencies' dependencies included. No clock, no randomness, no
/// files, no sockets, no threads: a crate that brings one of those does not go on this list. (`libc` is here since
/// `cpufeatures` asks it, on ARM only, which instructions the processor has; `rand_core` without features has traits and no source of randomness.)
const CORE_MAY_USE: [&str; 68] = [
    "arc-swap",
    "autocfg",
    "base16ct",
    "base64",
    "base64ct",
    "block-buffer",
    "cfg-if",
    "cmov",
    "const-oid",
    "core_detect",
    "cpubits",
    "cpufeatures",
    "crypto-bigint",
    "crypto-common",
    "ctutils",
    "curve25519-dalek",
    "curve25519-dalek-derive",
    "der",
    "digest",
    "ecdsa",
    "ed25519",
    "ed25519-dalek",
    "elliptic-curve",
    "ff",
    "fiat-crypto",
    "foldhash",
    "group",
    "hashbrown",
    "hmac",
    "hybrid-array",
    "itoa",
    "libc",
    "memchr",
    "num-traits",
    "p256",
    "p384",
    "pkcs8",
    "prefetch-index",
    "primefield",
    "primeorder",
    "proc-macro2",
    "quote",
    "rand_core",
    "ref-cast",
    "ref-cast-impl",
    "rfc6979",
    "rustc_version",
    "rustversion",
    "sec1",
    "semver",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_json",
    "serdect",
    "sfv",
    "sha1",
    "sha2",
    "signature",
    "spki",
    "subtle",
    "syn",
    "typenum",
    "unicode-ident",
    "wnaf",
    "zeroize",
    "zeroize_derive",
    "zmij",
];

const LICENCES: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Weak-copyleft build tools: used to write a header, never linked into anything that is shipped.
const TOOLS_UNDER_OTHER_LICENCES: [(&str, &str); 1] = [("cbindgen", "MPL-2.0")];

/// Weak copyleft that is linked into what is shipped: UniFFI, unchanged, whose notice travels in each package
/// (docs/adr/0017-uniffi-beside-the-c-abi.md). No other binding may hold a crate of it.
const UNIFFI_LICENCE: &str = "MPL-2.0";

fn is_of_uniffi(name: &str) -> bool {
    name == "uniffi" || name.starts_with("uniffi_")
}

fn metadata() -> Metadata {
    MetadataCommand::new().other_options(["--locked".to_owned()]).exec().expect("cargo metadata")
}

fn is_of_the_house(package: &Package) -> bool {
    package.source.is_none()
}

#[test]
fn crates_depend_in_one_direction() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = DIRECTIONS.into_iter().collect();
    let house: BTreeSet<&str> = metadata
        .packages
        .iter()
        .filter(|package| is_of_the_house(package))
        .map(|package| package.name.as_str())
        .collect();
    for package in metadata.packages.iter().filter(|package| is_of_the_house(package)) {
        let name = package.name.as_str();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is new: say in DIRECTIONS what it may depend on"));
        for dependency in &package.dependencies {
            let dependency = dependency.name.as_str();
            assert!(!house.contains(dependency) || may.contains(&dependency), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn the_core_is_pure() {
    // Of the core alone: in the graph of the whole workspace its crates have the features that others ask for.
    let arguments =
        ["--locked", "--package", "wiresign", "--edges", "normal,build", "--target", "all", "--prefix", "none"];
    let output = Command::new(env!("CARGO")).arg("tree").args(arguments).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names of crates");
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !["", "wiresign"].contains(name))
        .collect();
    assert!(names.contains("sha2"), "this is no tree of the core:\n{tree}");
    for name in names {
        assert!(
            CORE_MAY_USE.contains(&name),
            "the core is built with {name}: is it free of clocks, randomness, files, sockets and threads?"
        );
    }
}

#[test]
fn all_crates_come_from_the_registry_under_permissive_licences() {
    for package in metadata().packages.iter().filter(|package| !is_of_the_house(package)) {
        let name = package.name.as_str();
        let source = package.source.as_ref().expect("not of the house");
        assert!(source.is_crates_io(), "{name} comes from {source}");
        let licence = package.license.as_deref().unwrap_or_else(|| panic!("{name} names no licence"));
        let is_fine = |licence: &str| LICENCES.contains(&licence.trim().trim_matches(['(', ')']));
        // "A OR B" leaves the choice; of "A AND B" both must be fine. A slash is the old spelling of OR.
        let fine = licence.replace('/', " OR ").split(" OR ").any(|choice| choice.split(" AND ").all(is_fine));
        assert!(
            fine || TOOLS_UNDER_OTHER_LICENCES.contains(&(name, licence))
                || is_of_uniffi(name) && licence == UNIFFI_LICENCE,
            "{name} is under {licence}, which is not on the list"
        );
    }
}

#[test]
fn what_is_shipped_holds_each_crate_once() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    for shipped in ["wiresign-python", "wiresign-node", "wiresign-c", "wiresign-uniffi"] {
        let root = metadata.packages.iter().find(|package| package.name.as_str() == shipped).expect("a binding");
        let mut seen = BTreeSet::new();
        let mut todo = vec![root.id.clone()];
        while let Some(id) = todo.pop() {
            let node = resolve.nodes.iter().find(|node| node.id == id).expect("every package has a node");
            for dependency in &node.deps {
                let is_linked = |kind: &cargo_metadata::DepKindInfo| {
                    kind.kind == DependencyKind::Normal
                        && kind.target.as_ref().is_none_or(|target| !target.to_string().contains("windows"))
                };
                if dependency.dep_kinds.iter().any(is_linked) && seen.insert(dependency.pkg.clone()) {
                    todo.push(dependency.pkg.clone());
                }
            }
        }
        let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for package in metadata.packages.iter().filter(|package| seen.contains(&package.id)) {
            // Macros run in the compiler and are not part of what is shipped.
            let is_macro = package.targets.iter().any(|target| target.is_proc_macro());
            let name = package.name.as_str();
            assert!(!is_of_uniffi(name) || shipped == "wiresign-uniffi", "{shipped} holds {name}");
            if !is_macro && !matches!(name, "syn" | "quote" | "proc-macro2" | "unicode-ident") {
                versions.entry(name).or_default().insert(package.version.to_string());
            }
        }
        let repeated: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
        assert!(repeated.is_empty(), "{shipped} holds crates in several versions: {repeated:?}");
    }
}
