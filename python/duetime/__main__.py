"""``python -m duetime``: what can be done from a shell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import duetime
from duetime._commands import run_as_apscheduler

__all__ = ("main",)

_COMMANDS = (run_as_apscheduler,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit status."""
    parser = ArgumentParser(prog="python -m duetime", description=duetime.__doc__)
    parser.add_argument("--version", action="version", version=f"duetime {duetime.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
