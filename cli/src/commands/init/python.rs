//! The programs for Python: a service, its tests, and a program that calls it.

use super::framework::Project;

/// The files of a project, whose service is in this template.
macro_rules! files {
    ($app:literal) => {
        &[
            ("app.py", include_str!(concat!("../../../templates/python/", $app))),
            ("test_app.py", include_str!("../../../templates/python/test_app.py")),
            ("client.py", include_str!("../../../templates/python/client.py")),
            ("requirements.txt", include_str!("../../../templates/python/requirements.txt")),
            ("requirements-dev.txt", include_str!("../../../templates/python/requirements-dev.txt")),
        ]
    };
}

const INSTALL: &str = "pip install -r requirements-dev.txt";
const TEST: &str = "pytest";
const RUN_UVICORN: &str = "(set -a; . ./.env; exec uvicorn --port 8000 app:app)";
const RUN_GUNICORN: &str = "(set -a; . ./.env; exec gunicorn --bind 127.0.0.1:8000 app:app)";
/// How the tests start the service.
const UVICORN: (&str, &str) = ("@command@", r#""uvicorn", "--port", port, "app:app""#);
const GUNICORN: (&str, &str) = ("@command@", r#""gunicorn", "--bind", f"127.0.0.1:{port}", "app:app""#);

pub(super) const FASTAPI: Project = Project {
    port: "8000",
    files: files!("fastapi_app.py"),
    placeholders: &[UVICORN, ("@packages@", "fastapi\nuvicorn")],
    commands: &[INSTALL, TEST, RUN_UVICORN],
};

pub(super) const STARLETTE: Project = Project {
    port: "8000",
    files: files!("starlette_app.py"),
    placeholders: &[UVICORN, ("@packages@", "starlette\nuvicorn")],
    commands: &[INSTALL, TEST, RUN_UVICORN],
};

pub(super) const LITESTAR: Project = Project {
    port: "8000",
    files: files!("litestar_app.py"),
    placeholders: &[UVICORN, ("@packages@", "litestar\nuvicorn")],
    commands: &[INSTALL, TEST, RUN_UVICORN],
};

pub(super) const FLASK: Project = Project {
    port: "8000",
    files: files!("flask_app.py"),
    placeholders: &[GUNICORN, ("@packages@", "flask\ngunicorn")],
    commands: &[INSTALL, TEST, RUN_GUNICORN],
};

pub(super) const DJANGO: Project = Project {
    port: "8000",
    files: files!("django_app.py"),
    placeholders: &[GUNICORN, ("@packages@", "django\ngunicorn")],
    commands: &[INSTALL, TEST, RUN_GUNICORN],
};

pub(super) const AIOHTTP: Project = Project {
    port: "8000",
    files: files!("aiohttp_app.py"),
    placeholders: &[
        ("@command@", r#""gunicorn", "-b", f"127.0.0.1:{port}", "-k", "aiohttp.GunicornWebWorker", "app:app""#),
        ("@packages@", "aiohttp\ngunicorn"),
    ],
    commands: &[
        INSTALL,
        TEST,
        "(set -a; . ./.env; exec gunicorn --bind 127.0.0.1:8000 -k aiohttp.GunicornWebWorker app:app)",
    ],
};
