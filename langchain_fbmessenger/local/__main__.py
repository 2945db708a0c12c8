"""Run the server: `python -m langchain_fbmessenger.local`, as `ensure_server` starts it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from langchain_fbmessenger._internal.own_processes import report_without_words
from langchain_fbmessenger.exceptions import LocalServerError, MissingExtraError
from langchain_fbmessenger.local.process.launcher import SECOND_STATUS
from langchain_fbmessenger.local.server import SERVER_RUNNING, serve


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m langchain_fbmessenger.local")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--idle-timeout", type=float, default=0, metavar="SECONDS")
    options = parser.parse_args()
    report_without_words()
    try:
        serve(options.home, options.host, options.port, options.idle_timeout)
    except (LocalServerError, MissingExtraError) as error:
        sys.stderr.write(f"{error}\n")
        is_second = isinstance(error, LocalServerError) and error.code == SERVER_RUNNING
        return SECOND_STATUS if is_second else 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
