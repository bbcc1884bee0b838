"""Runs uWSGI, whose module is no program of its own: `python -m uwsgi_server OPTIONS`."""

import sys

import pyuwsgi  # type: ignore[import-not-found]

if __name__ == "__main__":
    pyuwsgi.run(sys.argv[1:])
