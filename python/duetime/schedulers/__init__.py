"""What programs hold: schedulers for different kinds of programs."""

__all__ = ("SchedulerAlreadyRunningError", "SchedulerNotRunningError")


class SchedulerAlreadyRunningError(Exception):
    """It was to be started or configured while it runs."""

    def __str__(self) -> str:
        return "Scheduler is already running"


class SchedulerNotRunningError(Exception):
    """It was to be shut down, paused or resumed while it does not run."""

    def __str__(self) -> str:
        return "Scheduler is not running"
