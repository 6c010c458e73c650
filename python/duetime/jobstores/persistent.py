"""What job stores that outlive their process share: how they keep the arguments of jobs, and what they let them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._errors import engine_errors
from duetime._open_guards import open_guards
from duetime._payload import Payload, stored_payload
from duetime.job import Job
from duetime.jobstores.base import NativeJobStore

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard

__all__ = ("PROTECTION", "PersistentJobStore")

#: The options that all of them have, beside ``pickle_protocol``.
PROTECTION = ("serializer", "signing_key", "allowed_modules", "allowed_classes")

_SERIALIZERS = ("pickle", "json")


class PersistentJobStore(NativeJobStore):
    """A job store whose jobs outlive this process, and which others may be able to write to. docs/security.md says what
    the options that all of them have are good for.

    :param serializer: of arguments: ``"pickle"`` for any objects of Python, or ``"json"`` for values that other
        languages can read too; then no pickle is ever loaded
    :param pickle_protocol: for ``"pickle"``; -1 is the highest
    :param signing_key: ``str`` or ``bytes``, or several in a list, of which the first signs and all verify: jobs that
        none of them has signed are not run. By default what is in the environment variable ``DUETIME_SIGNING_KEY``,
        if any, with spaces between
    :param allowed_modules: what jobs may call: names of modules, of packages with a dot at their end, and callables. By
        default what is in ``DUETIME_ALLOWED_MODULES``, with commas between, if any, else anything
    :param allowed_classes: of which pickled arguments may be, beside plain values; by default any
    """

    def __init__(
        self,
        *,
        serializer: str = "pickle",
        pickle_protocol: int = -1,
        signing_key: Any = None,
        allowed_modules: Any = None,
        allowed_classes: Any = None,
    ) -> None:
        super().__init__()
        if serializer not in _SERIALIZERS:
            raise ValueError(f"serializer must be 'pickle' or 'json', got {serializer!r}")
        self.serializer = serializer
        self.pickle_protocol = pickle_protocol
        self._protection = (allowed_modules, allowed_classes)
        self._guard = self._make_guard(signing_key)

    def _make_guard(self, signing_key: Any) -> PayloadGuard | None:
        from duetime._guard import guard_from_options

        return guard_from_options(signing_key, *self._protection, self.serializer)

    def _payload(self, job: Job) -> Payload:
        task, encoding, data = stored_payload(job, self.serializer, self.pickle_protocol)
        if self._guard is not None and encoding is not None:
            data = self._guard.seal(self._alias or "default", job.id, task, encoding, data)
        return task, encoding, data

    def use_signing_keys(self, signing_key: Any) -> None:
        """(ours) Puts other keys in the place of the store's, while it is in use: the new one first, then those that
        are still to be accepted. Worker processes have those of when the scheduler started.

        :raises RuntimeError: if the scheduler runs and was started without a store that has keys
        """
        before, self._guard = self._guard, self._make_guard(signing_key)
        if self._scheduler is None:
            return
        try:
            self._put_guard_up()
        except RuntimeError:
            self._guard = before
            raise
        if before is not None:
            open_guards.discard(before)

    def sign_jobs(self) -> int:
        """(ours) Signs all jobs in the store that have no signature, which is to say: trusts whoever wrote them. For
        the day on which a store gets its first key. Jobs with a wrong signature, or with JSON that cannot be read, are
        left alone.

        :return: how many were signed
        :raises ValueError: without a key
        """
        from duetime._signatures import unseal

        if self._guard is None or not self._guard.keys:
            raise ValueError("sign_jobs() needs a signing_key")
        with engine_errors():
            jobs = [job for job in self._engine.list_jobs(self._alias) if job.status != _native.JOB_UNREADABLE]
            unsigned = [job for job in jobs if unseal(job.payload_encoding, job.payload)[1] is None]
            return sum(self._sign_job(self._guard, job) for job in unsigned)

    def _sign_job(self, guard: PayloadGuard, job: _native.Job) -> bool:
        _, name, _, executor, coalesce, max_instances, recover, grace, _ = job.attributes
        try:
            encoding, data = _signable(job)
        except ValueError as exc:
            self._logger.warning("Job %r cannot be signed: %s", job.id, exc)
            return False
        signed = guard.signed(self._alias or "default", job.id, job.task, encoding, data)
        settings = (name, job.task, executor, coalesce, max_instances, recover, grace, None)
        fields = _native.JOB_TASK | _native.JOB_PAYLOAD
        self._engine.modify_job(self._alias, job.id, fields, None, *settings, encoding, signed)
        return True


def _signable(job: _native.Job) -> tuple[str, bytes]:
    """Encoding and bytes with a place for a signature: JSON of other languages may look otherwise than ours.

    :raises ValueError: if it cannot be read
    """
    from duetime._json_values import from_json, to_json

    if job.payload_encoding == "none":
        return "json", to_json((), {})
    if job.payload_encoding == "json":
        return "json", to_json(*from_json(job.payload))
    return job.payload_encoding, job.payload
