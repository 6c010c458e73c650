"""How exceptions are written down in the records of runs."""

from __future__ import annotations

__all__ = ("error_kind", "error_text")


def error_kind(exception: BaseException) -> str:
    """The class: ``"ValueError"``, ``"package.module.Class"``."""
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def error_text(exception: BaseException) -> str:
    """Its text, with the replacement character for what is no UTF-8 or would end it."""
    try:
        text = str(exception)
    except Exception:
        return "(no text)"
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
