"""What a job store demands of the jobs in it before anything that they say is imported, made or called."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from duetime._errors import PayloadRefusedError
from duetime._open_guards import open_guards
from duetime._references import AllowedCallables, allowed_callables
from duetime._safe_pickle import AllowedClasses, allowed_classes, load_any
from duetime._signatures import is_signed_by, seal, sign, signing_keys, unseal
from duetime.util import ref_to_obj

__all__ = ("PayloadGuard", "guard_from_options", "load_trigger", "trigger_signatures")

Arguments = tuple[tuple[Any, ...], dict[str, Any] | None]


class PayloadGuard:
    """Worker processes get a copy.

    :param keys: the first signs, all verify; none: signatures are neither made nor asked for
    :param callables: what jobs may call; ``None``: anything
    :param classes: of which unpickled arguments may be; ``None``: any
    :param json_only: whether arguments in other encodings are refused
    """

    def __init__(
        self,
        keys: tuple[bytes, ...],
        callables: AllowedCallables | None,
        classes: AllowedClasses | None,
        json_only: bool,
    ) -> None:
        self.keys = keys
        self.callables = callables
        self.classes = classes
        self.json_only = json_only

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__}>"  # no key

    @property
    def looks_at_jobs(self) -> bool:
        """Whether it has to know more of a job than its arguments."""
        return bool(self.keys) or self.callables is not None

    def seal(self, alias: str, job_id: str, task: str, encoding: str, data: bytes) -> bytes:
        """Arguments as they are to be stored.

        :raises PayloadRefusedError: if they could not be read again
        """
        if self.callables is not None:
            self.callables.resolve(task)
        if self.classes is not None and not self.json_only:
            self.classes.loads(data)
        return self.signed(alias, job_id, task, encoding, data) if self.keys else data

    def signed(self, alias: str, job_id: str, task: str, encoding: str, data: bytes) -> bytes:
        return seal(encoding, data, sign(self.keys[0], _payload_parts(alias, job_id, task, encoding, data)))

    def open(
        self, alias: str, job_id: str, task: str, encoding: str, data: bytes
    ) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        """Callable and arguments of a stored job.

        :raises PayloadRefusedError: before any of it was imported, made or called
        """
        if self.keys:
            data = self._verified(alias, job_id, task, encoding, data)
        if self.callables is not None:
            self.callables.check(task)
        args, kwargs = self._arguments(encoding, data)
        func = ref_to_obj(task) if self.callables is None else self.callables.resolve(task)
        return func, args, kwargs or {}

    def _arguments(self, encoding: str, data: bytes) -> Arguments:
        try:
            return self.decode(encoding, data)
        except PayloadRefusedError as exc:
            raise PayloadRefusedError(f"its arguments cannot be read here: {exc}") from None

    def _verified(self, alias: str, job_id: str, task: str, encoding: str, data: bytes) -> bytes:
        whole, signature = unseal(encoding, data)
        if signature is None:
            raise PayloadRefusedError("its callable and arguments have no signature")
        if not is_signed_by(self.keys, signature, _payload_parts(alias, job_id, task, encoding, whole)):
            raise PayloadRefusedError("the signature of its callable and arguments is not by any of our keys for it")
        return whole

    def decode(self, encoding: str, data: bytes) -> Arguments:
        """Arguments alone, for callers that have seen to the rest.

        :raises PayloadRefusedError: if they are not what may be read
        """
        from duetime._payload import PICKLES, decode_arguments

        if self.json_only and encoding not in ("json", "none"):
            raise PayloadRefusedError(f"they are in the encoding {encoding!r}, and this job store reads JSON only")
        loads = self.classes.loads if self.classes is not None and encoding in PICKLES else None
        return decode_arguments(encoding, data, loads)


def guard_from_options(signing_key: Any, modules: Any, classes: Any, serializer: str) -> PayloadGuard | None:
    """What the options of a job store, or the environment, demand; ``None``: nothing."""
    keys, callables = signing_keys(signing_key), allowed_callables(modules)
    guard = PayloadGuard(keys, callables, allowed_classes(classes), serializer == "json")
    return guard if guard.looks_at_jobs or guard.classes is not None or guard.json_only else None


def _payload_parts(alias: str, job_id: str, task: str, encoding: str, data: bytes) -> list[bytes]:
    return [b"duetime payload 1", alias.encode(), job_id.encode(), task.encode(), encoding.encode(), data]


# --- triggers -----------------------------------------------------------------------------------------------
#
# One that is written in Python is stored as a pickle. What counts is what all open job stores demand.


def trigger_signatures(document: dict[str, Any]) -> list[str]:
    """Of a trigger that is about to be stored: one for each key that signs."""
    parts = _trigger_parts(document)
    return sorted({sign(guard.keys[0], parts).decode() for guard in list(open_guards) if guard.keys})


def load_trigger(document: dict[str, Any]) -> Any:
    """What is pickled in a trigger's document.

    :raises PayloadRefusedError: if it may not be read
    """
    import pickle

    data = b64decode(document["pickle"])
    guards = list(open_guards)
    keys = [key for guard in guards for key in guard.keys]
    if keys:
        _verify_trigger(document, keys)
        return pickle.loads(data)
    classes = [guard.classes for guard in guards if guard.classes is not None]
    if classes:
        return load_any(classes, data)
    if any(guard.json_only for guard in guards):
        raise PayloadRefusedError("it is a pickle, and a job store of this process reads JSON only")
    return pickle.loads(data)


def _verify_trigger(document: dict[str, Any], keys: list[bytes]) -> None:
    parts = _trigger_parts(document)
    told = document.get("signatures", [])
    if not any(isinstance(text, str) and is_signed_by(keys, text.encode(), parts) for text in told):
        raise PayloadRefusedError("it is a pickle without a signature by any of our keys")


def _trigger_parts(document: dict[str, Any]) -> list[bytes]:
    return [b"duetime trigger 1", *(str(document[name]).encode() for name in ("class", "timezone", "pickle"))]
