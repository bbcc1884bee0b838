//! What a service can be built with, and what `init` writes for it.

use clap::ValueEnum;

use super::{node, python};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Framework {
    /// Python, app.py
    Fastapi,
    /// Python, app.py
    Starlette,
    /// Python, app.py
    Litestar,
    /// Python, app.py
    Flask,
    /// Python, app.py
    Django,
    /// Python, app.py
    Aiohttp,
    /// Node, server.mjs
    Express,
    /// Node, server.mjs
    Fastify,
    /// Node, server.mjs
    Hono,
    /// Node, route handlers
    Next,
    /// Node, src/main.ts
    Nest,
    /// No program
    None,
}

/// A program, beside the configuration.
pub(super) struct Project {
    /// Where it listens.
    pub(super) port: &'static str,
    /// Names and templates of its files. A name may lead into a folder.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Placeholders of these templates alone, and what stands in their place.
    pub(super) placeholders: &'static [(&'static str, &'static str)],
    /// What installs, tests and starts it, to be typed in its folder.
    pub(super) commands: &'static [&'static str],
}

impl Framework {
    pub(super) fn project(self) -> &'static Project {
        match self {
            Self::Fastapi => &python::FASTAPI,
            Self::Starlette => &python::STARLETTE,
            Self::Litestar => &python::LITESTAR,
            Self::Flask => &python::FLASK,
            Self::Django => &python::DJANGO,
            Self::Aiohttp => &python::AIOHTTP,
            Self::Express => &node::EXPRESS,
            Self::Fastify => &node::FASTIFY,
            Self::Hono => &node::HONO,
            Self::Next => &node::NEXT,
            Self::Nest => &node::NEST,
            Self::None => &Project { port: "8000", files: &[], placeholders: &[], commands: &[] },
        }
    }
}
