"""Run a job when any or all of several triggers say so."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, ClassVar

from duetime import _native
from duetime.triggers._period import jitter_microseconds
from duetime.triggers._python import register_python_triggers
from duetime.triggers.base import BaseTrigger, ZonedTrigger
from duetime.util import get_localzone, obj_to_ref, ref_to_obj

__all__ = ("AndTrigger", "BaseCombiningTrigger", "CompositeTrigger", "OrTrigger", "state_of", "trigger_from_state")


class CompositeTrigger(ZonedTrigger):
    """A trigger made of others, some of which may be written in Python."""

    __slots__ = ()

    @abstractmethod
    def _parts(self) -> Sequence[BaseTrigger]:
        """The triggers that it is made of."""

    @abstractmethod
    def _composed(self, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The trigger document, given those of the parts."""

    def _handle_for(self, zone: tzinfo, *, living: bool) -> _native.Trigger:
        from duetime.triggers._engine import to_engine

        register_python_triggers()
        handles = [to_engine(part, zone, living=living) for part in self._parts()]  # keep living parts alive
        document = self._composed([json.loads(handle.document) for handle in handles])
        return self._from_document(document)

    def _make_native(self) -> _native.Trigger:
        return self._handle_for(self.timezone, living=True)


class BaseCombiningTrigger(CompositeTrigger):
    """What :class:`AndTrigger` and :class:`OrTrigger` share.

    :param triggers: the triggers to combine
    :param jitter: delays each run by up to this many seconds, on top of what the triggers have
    :raises ValueError: if there is no trigger
    """

    __slots__ = ("triggers",)

    _type: ClassVar[str]

    def __init__(self, triggers: Sequence[BaseTrigger], jitter: float | None = None) -> None:
        self.triggers = list(triggers)
        self.jitter = jitter
        self._check_parts()
        self._set_timezone()

    def _check_parts(self) -> None:
        if not self.triggers:
            raise ValueError(f"{self.__class__.__name__} needs at least one trigger")
        for trigger in self.triggers:
            if not callable(getattr(trigger, "get_next_fire_time", None)):
                raise TypeError(f"Expected a trigger instance, got {trigger.__class__.__name__} instead")

    def _set_timezone(self) -> None:
        from duetime.triggers._engine import trigger_zone

        zones = (trigger_zone(trigger) for trigger in self.triggers)
        self.timezone = next((zone for zone in zones if zone is not None), None) or get_localzone()

    def _parts(self) -> Sequence[BaseTrigger]:
        return self.triggers

    def _composed(self, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {"type": self._type, "triggers": parts, "jitter_us": jitter_microseconds(self.jitter)}

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 1,
            "triggers": [state_of(trigger) for trigger in self.triggers],
            "jitter": self.jitter,
        }

    def __setstate__(self, state: Any) -> None:
        if state.get("version", 1) > 1:
            raise ValueError(
                f"Got serialized data for version {state['version']} of {self.__class__.__name__}, "
                "but only versions up to 1 can be handled"
            )
        self.jitter = state["jitter"]
        self.triggers = [trigger_from_state(reference, members) for reference, members in state["triggers"]]
        self._set_timezone()

    def __str__(self) -> str:
        return f"{self._type}[{', '.join(str(trigger) for trigger in self.triggers)}]"

    def __repr__(self) -> str:
        jitter = f", jitter={self.jitter}" if self.jitter else ""
        return f"<{self.__class__.__name__}({self.triggers}{jitter})>"


def state_of(trigger: BaseTrigger) -> tuple[str, Any]:
    """As composite triggers are pickled with their parts."""
    return obj_to_ref(type(trigger)), trigger.__getstate__()


def trigger_from_state(reference: str, state: Any) -> BaseTrigger:
    """The trigger of :func:`state_of`; APScheduler's classes are ours."""
    package, _, rest = reference.partition(".")
    trigger_class = ref_to_obj(f"duetime.{rest}" if package == "apscheduler" else reference)
    trigger: BaseTrigger = trigger_class.__new__(trigger_class)
    trigger.__setstate__(state)  # type: ignore[attr-defined]
    return trigger


class AndTrigger(BaseCombiningTrigger):
    """Fires at the times that all its triggers have in common.

    When it has found none for long, ``get_next_fire_time()`` raises ``NotImplementedError``: it does not search for
    ever.

    >>> from duetime.triggers.interval import IntervalTrigger
    >>> seven = IntervalTrigger(seconds=7, start_date="2026-01-05 10:00:00", timezone="UTC")
    >>> eleven = IntervalTrigger(seconds=11, start_date="2026-01-05 10:00:03", timezone="UTC")
    >>> print(AndTrigger([seven, eleven]).get_next_fire_time(None, seven.start_date))
    2026-01-05 10:00:14+00:00
    """

    __slots__ = ()

    _type = "and"


class OrTrigger(BaseCombiningTrigger):
    """Fires whenever one of its triggers does.

    Each trigger keeps its own times, whichever of them fired last: an interval goes on counting from its start.
    """

    __slots__ = ()

    _type = "or"
