//! The programs for Python.

use super::framework::Project;

pub(super) const FASTAPI: Project = Project {
    port: "8000",
    files: &[("app.py", include_str!("../../../templates/python/fastapi_app.py"))],
    commands: &["pip install wiresign fastapi uvicorn", "(set -a; . ./.env; exec uvicorn --port 8000 app:app)"],
};

pub(super) const FLASK: Project = Project {
    port: "8000",
    files: &[("app.py", include_str!("../../../templates/python/flask_app.py"))],
    commands: &[
        "pip install wiresign flask gunicorn",
        "(set -a; . ./.env; exec gunicorn --bind 127.0.0.1:8000 app:app)",
    ],
};

pub(super) const DJANGO: Project = Project {
    port: "8000",
    files: &[("app.py", include_str!("../../../templates/python/django_app.py"))],
    commands: &[
        "pip install wiresign django gunicorn",
        "(set -a; . ./.env; exec gunicorn --bind 127.0.0.1:8000 app:application)",
    ],
};
