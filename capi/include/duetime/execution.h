/* Executions: what the scheduler hands to an executor that was written outside (plugin.h).
 *
 * An execution holds the runs of one claim: of one job, oldest first. They are executed one after the other,
 * and share one of the job's max_instances. For each run in turn the executor asks
 * duetime_execution_may_start(), runs the task in whatever way it has, and reports with
 * duetime_execution_finish(). An executor that has threads, and tasks that are functions of C, calls
 * duetime_execution_run() instead, which does all of it.
 *
 * Functions may be called from any thread, but not at the same time for one execution. */
#ifndef DUETIME_EXECUTION_H
#define DUETIME_EXECUTION_H

#include <duetime/common.h>
#include <duetime/job.h>
#include <duetime/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct duetime_execution duetime_execution;

/* The job as it was claimed: its next run time is that after these runs. out_job: freed with
 * duetime_job_destroy(). */
DUETIME_API duetime_status duetime_execution_job(const duetime_execution *execution, duetime_job **out_job);

/* At least 1; 0 for what is no execution. */
DUETIME_API size_t duetime_execution_run_count(const duetime_execution *execution);

/* Of a run by its index; NULL, DUETIME_TIME_NONE or 0 for one that does not exist. Strings live as long as
 * the execution. */
DUETIME_API const char *duetime_execution_run_id(const duetime_execution *execution, size_t run);
DUETIME_API duetime_time duetime_execution_scheduled_time(const duetime_execution *execution, size_t run);
DUETIME_API int32_t duetime_execution_attempt(const duetime_execution *execution, size_t run);
DUETIME_API int64_t duetime_execution_fence(const duetime_execution *execution);

/* As duetime_call_is_cancelled(); may be asked at any time, from any thread. */
DUETIME_API int32_t duetime_execution_is_cancelled(const duetime_execution *execution, size_t run);

/* Just before the run's task starts. *out_may_start is 0 if it must not, because it is too late for its grace
 * time or the claim's lease has run out: then the run has ended, and the next one is at hand.
 * INVALID_ARGUMENT for another run than the one at hand. */
DUETIME_API duetime_status duetime_execution_may_start(duetime_execution *execution, size_t run,
                                                       int32_t *out_may_start);

/* How a run ended. */
typedef struct duetime_run_outcome {
  uint32_t struct_size;      /* DUETIME_RUN_OUTCOME_INIT sets it */
  int32_t status;            /* DUETIME_TASK_... */
  duetime_time started_at;   /* DUETIME_TIME_NONE: when duetime_execution_may_start() said yes */
  const char *error_kind;    /* the error's class; NULL if there is none */
  const char *error_message; /* and its text */
  const char *traceback;
  void *result; /* an object of the caller's that travels in the run's event, as of
                   duetime_call_set_result(); NULL if none */
  duetime_release_fn release_result;
} duetime_run_outcome;
#define DUETIME_RUN_OUTCOME_INIT \
  { sizeof(duetime_run_outcome), DUETIME_TASK_SUCCEEDED, DUETIME_TIME_NONE, NULL, NULL, NULL, NULL, NULL }

/* Ends the run at hand. INVALID_ARGUMENT for another one, and for DUETIME_TASK_CANNOT_RUN if it is not the
 * first. */
DUETIME_API duetime_status duetime_execution_finish(duetime_execution *execution, size_t run,
                                                    const duetime_run_outcome *outcome);

/* The executor cannot take it, for this reason: it stays due and is tried again after a pause.
 * INVALID_ARGUMENT if a run was started or has ended. */
DUETIME_API duetime_status duetime_execution_give_back(duetime_execution *execution, const char *reason);

/* Runs the registered task for each run, in this thread, and ends them. INVALID_ARGUMENT if a run was started
 * or has ended. */
DUETIME_API duetime_status duetime_execution_run(duetime_execution *execution);

/* NULL is allowed. Runs that have not ended fail, if one was started; otherwise they are given back and are
 * due at once. */
DUETIME_API void duetime_execution_destroy(duetime_execution *execution);

#ifdef __cplusplus
}
#endif
#endif
