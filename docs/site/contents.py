"""The order of the pages, as somebody new wants them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A part of the navigation: pages in order, then what else the folders hold."""

    title: str
    entries: tuple[Section | str, ...]
    """Sections, pages, and folders (with a slash at the end), whose other pages follow by name."""


CONTENTS = Section(
    "",
    (
        Section("Start", ("README.md", "docs/cli.md", "examples/fleet/README.md")),
        Section(
            "Languages",
            (
                Section(
                    "Python",
                    ("docs/python/README.md", "docs/python/fastapi.md", "docs/python/", "bindings-python/README.md"),
                ),
                Section(
                    "Node.js", ("docs/node/README.md", "docs/node/express.md", "docs/node/", "bindings-node/README.md")
                ),
                Section("Go", ("docs/go/README.md", "docs/go/net-http.md", "docs/go/", "bindings-c/go/README.md")),
                Section(
                    "Java", ("docs/java/README.md", "docs/java/spring.md", "docs/java/", "bindings-c/java/README.md")
                ),
                Section(
                    "Rust", ("docs/rust/README.md", "docs/rust/axum.md", "docs/rust/", "bindings-rust/README.md")
                ),
                Section("Kotlin, Ruby, Swift", ("docs/kotlin/README.md", "docs/kotlin/", "bindings-uniffi/README.md")),
                Section("C", ("docs/c/README.md", "bindings-c/README.md", "docs/c/config.md", "docs/c/")),
            ),
        ),
        Section(
            "Schemes",
            (
                "docs/wire-formats.md",
                "docs/rfc9421.md",
                "docs/aws-sigv4.md",
                "docs/jwt.md",
                "docs/aws-identity.md",
                "docs/handshakes.md",
                "docs/templates.md",
                Section("Senders", ("docs/schemes/README.md", "docs/schemes/")),
            ),
        ),
        Section("Configuration", ("docs/config.md", "docs/contexts.md")),
        Section("Operations", ("docs/explain.md", "docs/framework-differences.md", "bench/RESULTS.md")),
        Section(
            "Security",
            ("docs/verification.md", "docs/refusals.md", "docs/peer-differences.md", "docs/wycheproof-differences.md"),
        ),
        Section(
            "Reference",
            (
                "docs/",
                "conformance/README.md",
                "conformance/RUNS.md",
                "fuzz/README.md",
                "CONTRIBUTING.md",
                "CHANGELOG.md",
                Section("Decisions", ("docs/adr/README.md", "docs/adr/")),
            ),
        ),
    ),
)
