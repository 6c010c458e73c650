"""What all triggers are."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from duetime import _native

__all__ = ("BaseTrigger", "NativeTrigger")


class BaseTrigger(metaclass=ABCMeta):
    """The rule that says when a job runs. It holds a rule, never a position; subclasses are welcome."""

    __slots__ = ()

    @abstractmethod
    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time to fire after ``previous_fire_time``, or ``None`` when the rule is spent.

        :param previous_fire_time: ``None`` before the first time
        :param now: bounds a rule that has no start of its own
        """

    def _apply_jitter(self, next_fire_time: datetime | None, jitter: float | None, now: datetime) -> datetime | None:
        """``next_fire_time`` delayed by a random part of ``jitter`` seconds."""
        if next_fire_time is None or not jitter:
            return next_fire_time
        import random  # with all that it needs, bigger than this package

        return next_fire_time + timedelta(seconds=random.uniform(0, jitter))


class NativeTrigger(BaseTrigger):
    """A trigger that the engine computes.

    Its handle is made when it is first needed and kept, so the attributes of a trigger that is in use must not
    be changed; ``reschedule_job()`` gives a job another trigger.
    """

    __slots__ = ("_handle",)

    _handle: _native.Trigger

    @abstractmethod
    def _make_native(self) -> _native.Trigger:
        """The engine's trigger for these attributes."""

    def _get_native(self) -> _native.Trigger:
        try:
            return self._handle
        except AttributeError:
            self._handle = handle = self._make_native()
            return handle

    def _check_version(self, state: Any, newest: int) -> dict[str, Any]:
        """The members of a pickled state; APScheduler 3.0 pickled a tuple around them.

        :raises ValueError: if it was written by a later version
        """
        members: dict[str, Any] = state[1] if isinstance(state, tuple) else state
        version = members.get("version", 1)
        if version > newest:
            handled = "only version 1" if newest == 1 else f"only versions up to {newest}"
            raise ValueError(
                f"Got serialized data for version {version} of {self.__class__.__name__}, but {handled} can be handled"
            )
        return members
