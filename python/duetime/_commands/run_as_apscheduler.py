"""``python -m duetime run-as-apscheduler``: a program written for APScheduler, unchanged, on duetime."""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from typing import Any

from duetime._alias import announce_to_children

__all__ = ("add_to",)


def add_to(commands: Any) -> None:
    parser: ArgumentParser = commands.add_parser(
        "run-as-apscheduler",
        help="run a program in which apscheduler means duetime",
        usage="%(prog)s [-h] (program.py | -m module) [argument ...]",
        description="Runs a Python program in which apscheduler means duetime, as in the Python processes it starts. "
        "The program sees itself started as by 'python program.py' or 'python -m module'.",
    )
    parser.add_argument("-m", dest="module", nargs=REMAINDER, help="a module, with its arguments")
    parser.add_argument("program", nargs=REMAINDER, help="a file, with its arguments")
    parser.set_defaults(run=_run, parser=parser)


def _run(options: Namespace) -> int:
    program: list[str] = ["-m", *options.module] if options.module else options.program
    if not program:
        options.parser.error("expected a program or -m and a module")
    if sys.flags.ignore_environment or sys.flags.no_site:
        options.parser.error("the interpreter's options -E, -I and -S keep the alias from the program")
    announce_to_children()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *_interpreter_options(), *program])


def _interpreter_options() -> list[str]:
    """Those before ``-m duetime``, such as ``-W error`` and ``-X dev``."""
    arguments = sys.orig_argv[1:]
    return arguments[: next((i for i, argument in enumerate(arguments) if _names_module(argument)), 0)]


def _names_module(argument: str) -> bool:
    return argument == "-m" or argument.startswith("-mduetime")
