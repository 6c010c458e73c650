"""FuturesExecutor with a pool that knows nothing of us: Dask's, which may be many machines."""

from __future__ import annotations

import pytest
from conftest import finish

pytest.importorskip("distributed")


def test_jobs_run_in_a_cluster(program):
    process = program(
        """
        import os, threading
        import jobs
        from distributed import Client, LocalCluster
        from duetime.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
        from duetime.executors.pool import FuturesExecutor
        from duetime.jobstores.sqlite import SQLiteJobStore
        from duetime.schedulers.background import BackgroundScheduler

        def main():
            over, results = threading.Event(), []
            def told(event):
                results.append(event.retval if event.code == EVENT_JOB_EXECUTED else repr(event.exception))
                if len(results) == 4:
                    over.set()

            cluster = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
            with cluster, Client(cluster) as client:
                scheduler = BackgroundScheduler(
                    jobstores={"default": SQLiteJobStore("jobs.db")},
                    executors={"default": FuturesExecutor(client.get_executor(), capacity=2)},
                )
                scheduler.add_listener(told, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
                scheduler.start()
                for number in (1, 2, 3):
                    scheduler.add_job(pow, args=[number, 2], misfire_grace_time=None)
                scheduler.add_job(divmod, args=[1, 0], misfire_grace_time=None)
                assert over.wait(60), results
                states = sorted(run.state for run in scheduler.get_runs())
                scheduler.shutdown()
            print(sorted(map(str, results)), states)

        if __name__ == "__main__":
            main()
        """
    )
    output = finish(process)
    assert "['1', '4', '9', \"ZeroDivisionError" in output
    assert "['failed', 'succeeded', 'succeeded', 'succeeded']" in output
