"""What all triggers are."""

from __future__ import annotations

import json
from abc import ABCMeta, abstractmethod
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime.util import datetime_utc_add

if TYPE_CHECKING:
    from duetime.triggers.preview import PreviewedFire

__all__ = ("BaseTrigger", "DocumentTrigger", "NativeTrigger", "ZonedTrigger")


class BaseTrigger(metaclass=ABCMeta):
    """The rule that says when a job runs. It holds a rule, never a position; subclasses are welcome."""

    __slots__ = ()

    @abstractmethod
    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time to fire after ``previous_fire_time``, or ``None`` when the rule is spent.

        :param previous_fire_time: ``None`` before the first time
        :param now: bounds a rule that has no start of its own
        """

    def explain(self) -> str:
        """An English sentence for people, such as ``"every 15 minutes (UTC)"``; its wording may change."""
        return str(self)

    def preview(self, count: int = 10, now: datetime | None = None) -> list[PreviewedFire]:
        """The next ``count`` times to fire, fewer if the rule is spent, with the changes of the clock marked.

        Jitter is not added. Without ``now``, from now on.

        >>> from duetime.triggers.cron import CronTrigger
        >>> trigger = CronTrigger(hour=2, minute=30, timezone="America/New_York")
        >>> for fire in trigger.preview(3, datetime.fromisoformat("2026-03-07T00:00:00-05:00")):
        ...     print(fire)
        2026-03-07 02:30:00 EST
        2026-03-08 03:30:00 EDT (the clock went from 02:00 to 03:00 on 2026-03-08)
        2026-03-09 02:30:00 EDT
        """
        from duetime.triggers.preview import preview

        return preview(self, count, now)

    def _apply_jitter(self, next_fire_time: datetime | None, jitter: float | None, now: datetime) -> datetime | None:
        """``next_fire_time`` delayed by a random part of ``jitter`` seconds."""
        if next_fire_time is None or not jitter:
            return next_fire_time
        import random  # with all that it needs, bigger than this package

        return datetime_utc_add(next_fire_time, timedelta(seconds=random.uniform(0, jitter)))


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

    def _handle_for(self, zone: tzinfo, *, living: bool) -> _native.Trigger:
        """The handle to give to a scheduler; the arguments are those of :func:`duetime.triggers._engine.to_engine`."""
        return self._get_native()

    def explain(self) -> str:
        """An English sentence for people, such as ``"every 15 minutes (UTC)"``; its wording may change."""
        return self._get_native().explain()

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


class ZonedTrigger(NativeTrigger):
    """A native trigger that is made from a document (docs/job_document.md) and answers in a zone of its own."""

    __slots__ = ("jitter", "timezone")

    timezone: tzinfo
    jitter: float | None

    @staticmethod
    def _from_document(document: dict[str, Any]) -> _native.Trigger:
        from duetime._errors import translate

        given = {name: value for name, value in document.items() if value is not None}
        try:
            return _native.Trigger.from_document(json.dumps(given))
        except _native.Error as exc:
            raise translate(exc) from None

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        from duetime._errors import translate

        try:
            fire_time = self._get_native().next_fire_time(previous_fire_time, now, self.timezone)
        except _native.Error as exc:
            raise translate(exc) from None
        return self._apply_jitter(fire_time, self.jitter, now)


class DocumentTrigger(ZonedTrigger):
    """A trigger that writes its document itself."""

    __slots__ = ()

    @abstractmethod
    def _document(self) -> dict[str, Any]:
        """The trigger document; members that are ``None`` count as absent."""

    def _make_native(self) -> _native.Trigger:
        return self._from_document(self._document())
