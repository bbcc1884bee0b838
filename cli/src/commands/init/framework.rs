//! What a service can be built with, and what `init` writes for it.

use clap::ValueEnum;

use super::{node, python};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Framework {
    /// Python, app.py
    Fastapi,
    /// Python, app.py
    Flask,
    /// Python, app.py
    Django,
    /// Node, server.mjs
    Express,
    /// No program
    None,
}

/// A program, beside the configuration.
pub(super) struct Project {
    /// Where it listens.
    pub(super) port: &'static str,
    /// Names and templates of its files. A name may lead into a folder.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// What installs, tests and starts it, to be typed in its folder.
    pub(super) commands: &'static [&'static str],
}

impl Framework {
    pub(super) fn project(self) -> &'static Project {
        match self {
            Self::Fastapi => &python::FASTAPI,
            Self::Flask => &python::FLASK,
            Self::Django => &python::DJANGO,
            Self::Express => &node::EXPRESS,
            Self::None => &Project { port: "8000", files: &[], commands: &[] },
        }
    }
}
