"""For schedulers that run on gevent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, run_job

try:
    import gevent
    from gevent.hub import Hub
except ImportError as exc:  # pragma: no cover
    raise ImportError("GeventExecutor requires gevent installed") from exc

if TYPE_CHECKING:
    from duetime.job import Job

__all__ = ("GeventExecutor",)


class GeventExecutor(BaseExecutor):
    """Runs each job in a greenlet of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._greenlets: set[Any] = set()

    def shutdown(self, wait: bool = True) -> None:
        current = gevent.getcurrent()
        if wait and not isinstance(current, Hub):
            gevent.joinall([greenlet for greenlet in list(self._greenlets) if greenlet is not current])

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        def ended(greenlet: Any) -> None:
            self._greenlets.discard(greenlet)
            if isinstance(greenlet.value, gevent.GreenletExit):
                self._run_job_dropped(job, greenlet.value)
            elif greenlet.successful():
                self._run_job_success(job.id, greenlet.value)
            else:
                self._run_job_error(job.id, greenlet.exception, greenlet.exc_info[2])

        greenlet = gevent.spawn(run_job, job, job._jobstore_alias, run_times, self._logger.name)
        self._greenlets.add(greenlet)
        greenlet.link(ended)
