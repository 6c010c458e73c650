"""Triggers written in Python, inside the engine.

The engine knows such a trigger by a document that a job store can keep: the pickled object. Stores that keep
nothing beyond this process get a document that only names the living object, so theirs need not be picklable.
"""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import Any
from weakref import WeakValueDictionary

from duetime import _native
from duetime._open_guards import open_guards
from duetime._zones import zone_from_name, zone_name
from duetime.triggers.base import BaseTrigger
from duetime.util import obj_to_ref

__all__ = ("PYTHON_TRIGGER_TYPE", "make_python_trigger", "python_trigger_from_document", "register_python_triggers")

PYTHON_TRIGGER_TYPE = "python"


class _Adapter:
    """Calls a trigger the way the engine wants it: in microseconds."""

    def __init__(self, trigger: BaseTrigger, zone: tzinfo) -> None:
        self.trigger = trigger
        self.zone = zone
        self._result_zone = zone  # of what the trigger answered last; it gets previous times back in it

    def __call__(self, previous: int | None, now: int) -> int | None:
        fire_time = self.trigger.get_next_fire_time(
            None if previous is None else _native.to_datetime(previous, self._result_zone),
            _native.to_datetime(now, self.zone),
        )
        if fire_time is None:
            return None
        return self._microseconds(fire_time)

    def _microseconds(self, fire_time: datetime) -> int:
        if not isinstance(fire_time, datetime) or fire_time.tzinfo is None:
            raise TypeError(
                f"{type(self.trigger).__name__}.get_next_fire_time() must return an aware datetime or None, "
                f"got {fire_time!r}"
            )
        self._result_zone = fire_time.tzinfo
        return _native.to_microseconds(fire_time)


_living: WeakValueDictionary[str, _Adapter] = WeakValueDictionary()


def make_python_trigger(trigger: BaseTrigger, zone: tzinfo, *, living: bool) -> _native.Trigger:
    """The engine's handle of a trigger written in Python.

    :param zone: in which the trigger is told the time
    :param living: make a document that is good for as long as this process has the trigger only
    """
    adapter = _Adapter(trigger, zone)
    document: dict[str, Any] = {"type": PYTHON_TRIGGER_TYPE, "class": obj_to_ref(type(trigger)) if not living else ""}
    if living:
        document["living"] = key = _native.new_id()
        _living[key] = adapter
    else:
        import pickle
        from base64 import b64encode

        document["timezone"] = zone_name(zone)
        document["pickle"] = b64encode(pickle.dumps(trigger, pickle.HIGHEST_PROTOCOL)).decode("ascii")
        if open_guards:
            _make_acceptable(document)
    return _native.Trigger.plugin(adapter, json.dumps(document))


def _make_acceptable(document: dict[str, Any]) -> None:
    """To this process, as far as it can: what could not be read again is not stored.

    :raises PayloadRefusedError: if it cannot
    """
    from duetime._guard import load_trigger, trigger_signatures

    signatures = trigger_signatures(document)
    if signatures:
        document["signatures"] = signatures
    load_trigger(document)


def _load(document: dict[str, Any]) -> Any:
    if open_guards:
        from duetime._guard import load_trigger

        return load_trigger(document)
    import pickle
    from base64 import b64decode

    return pickle.loads(b64decode(document["pickle"]))


def python_trigger_from_document(document: dict[str, Any]) -> BaseTrigger:
    """The trigger that :func:`make_python_trigger` made the document from."""
    return _adapter_from_document(document).trigger


def _adapter_from_document(document: dict[str, Any]) -> _Adapter:
    key = document.get("living")
    if key is not None:
        return _living[key]
    trigger = _load(document)
    if not isinstance(trigger, BaseTrigger):
        raise TypeError(f"Expected a trigger instance, got {type(trigger).__name__} instead")
    return _Adapter(trigger, zone_from_name(document["timezone"]))


_registered = False


def register_python_triggers() -> None:
    """Teaches the engine to read such triggers from job stores."""
    global _registered
    if not _registered:
        _native.register_trigger_type(PYTHON_TRIGGER_TYPE, lambda text: _adapter_from_document(json.loads(text)))
        _registered = True
