//! The programs for Node: a service, its tests, and a program that calls it.

use super::framework::Project;

/// The files of a project: those of its service, then those that every one has.
macro_rules! files {
    ($($name:literal: $template:literal),*) => {
        &[
            $(($name, include_str!(concat!("../../../templates/node/", $template))),)*
            ("package.json", include_str!("../../../templates/node/package.json")),
            ("test/service.test.mjs", include_str!("../../../templates/node/service.test.mjs")),
            ("client.mjs", include_str!("../../../templates/node/client.mjs")),
        ]
    };
}

const COMMANDS: &[&str] = &["npm install", "npm test", "npm start"];
const VERSION: (&str, &str) = ("@version@", env!("CARGO_PKG_VERSION"));
/// How a program without a build is started, and how the tests start it.
const PLAIN: (&str, &str) =
    ("@scripts@", "\"start\": \"node --env-file=.env server.mjs\",\n    \"test\": \"node --test test/*.test.mjs\"");
const SERVER: (&str, &str) = ("@command@", r#""server.mjs""#);

pub(super) const EXPRESS: Project = Project {
    port: "3000",
    files: files!("server.mjs": "express_server.mjs"),
    placeholders: &[VERSION, PLAIN, SERVER, ("@packages@", r#""express": "^5.0.0""#)],
    commands: COMMANDS,
};

pub(super) const FASTIFY: Project = Project {
    port: "3000",
    files: files!("server.mjs": "fastify_server.mjs"),
    placeholders: &[VERSION, PLAIN, SERVER, ("@packages@", r#""fastify": "^5.0.0""#)],
    commands: COMMANDS,
};

pub(super) const HONO: Project = Project {
    port: "3000",
    files: files!("server.mjs": "hono_server.mjs"),
    placeholders: &[
        VERSION,
        PLAIN,
        SERVER,
        ("@packages@", "\"@hono/node-server\": \"^2.0.0\",\n    \"hono\": \"^4.0.0\""),
    ],
    commands: COMMANDS,
};

pub(super) const NEXT: Project = Project {
    port: "3000",
    files: files!(
        "app/health/route.js": "next/health.js",
        "app/hello/route.js": "next/hello.js",
        "app/echo/route.js": "next/echo.js",
        "next.config.mjs": "next/next.config.mjs",
        "instrumentation.js": "next/instrumentation.js"
    ),
    placeholders: &[
        VERSION,
        (
            "@scripts@",
            "\"build\": \"next build\",\n    \"start\": \"next start -H 127.0.0.1\",\n    \
             \"test\": \"next build && node --test test/*.test.mjs\"",
        ),
        ("@command@", r#""node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1""#),
        ("@packages@", "\"next\": \"^16.0.0\",\n    \"react\": \"^19.0.0\",\n    \"react-dom\": \"^19.0.0\""),
    ],
    commands: COMMANDS,
};

pub(super) const NEST: Project = Project {
    port: "3000",
    files: files!("src/main.ts": "nest_main.ts", "tsconfig.json": "nest_tsconfig.json"),
    placeholders: &[
        VERSION,
        (
            "@scripts@",
            "\"build\": \"tsc\",\n    \"start\": \"node --env-file=.env dist/main.js\",\n    \
             \"test\": \"tsc && node --test test/*.test.mjs\"",
        ),
        ("@command@", r#""dist/main.js""#),
        (
            "@packages@",
            "\"@nestjs/common\": \"^12.0.0\",\n    \"@nestjs/core\": \"^12.0.0\",\n    \
             \"@nestjs/platform-express\": \"^12.0.0\",\n    \"@types/node\": \"^20.0.0\",\n    \
             \"reflect-metadata\": \"^0.2.2\",\n    \"rxjs\": \"^7.8.1\",\n    \"typescript\": \"^6.0.0\"",
        ),
    ],
    commands: COMMANDS,
};
