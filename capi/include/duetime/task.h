/* Tasks: the functions that jobs run. */
#ifndef DUETIME_TASK_H
#define DUETIME_TASK_H

#include <duetime/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call of a task. Valid, with everything its getters answer, until the task returns, and only on the
 * thread that runs it. */
typedef struct duetime_call duetime_call;

/* What a task answers. Other values count as FAILED. */
enum {
  DUETIME_TASK_SUCCEEDED = 0,
  DUETIME_TASK_FAILED = 1,     /* say why with duetime_call_set_error() before */
  DUETIME_TASK_CANNOT_RUN = 2, /* the arguments cannot be decoded here: the run is given back unstarted and
                                  the job is parked with the text of duetime_call_set_error() */
  DUETIME_TASK_MISSED = 3,     /* by executors only (execution.h): it was too late to start the run */
  DUETIME_TASK_REFUSED = 4     /* by executors only: max_instances of the job were running */
};

/* Returns DUETIME_TASK_... . No C++ exception, longjmp or managed exception may leave it. Called from
 * executor threads, several at the same time, with no lock held; it may call any function of the library. */
typedef int32_t (*duetime_task_fn)(void *user_data, duetime_call *call);

DUETIME_API const char *duetime_call_job_id(const duetime_call *call);
DUETIME_API const char *duetime_call_job_name(const duetime_call *call);
DUETIME_API const char *duetime_call_task(const duetime_call *call);
DUETIME_API const char *duetime_call_store(const duetime_call *call);
DUETIME_API const char *duetime_call_run_id(const duetime_call *call); /* 32 hexadecimal digits */
DUETIME_API duetime_time duetime_call_scheduled_time(const duetime_call *call);
DUETIME_API int32_t
duetime_call_attempt(const duetime_call *call); /* 1, and +1 per takeover from a dead node */
DUETIME_API int64_t duetime_call_fence(const duetime_call *call); /* grows with each claim of the job */

/* 1 once somebody wants the run to end early: duetime_scheduler_cancel_run(), or a shutdown. What to make of
 * it, and when to look, is the task's affair. */
DUETIME_API int32_t duetime_call_is_cancelled(const duetime_call *call);
DUETIME_API const char *duetime_call_payload_encoding(const duetime_call *call);
DUETIME_API const void *duetime_call_payload(const duetime_call *call, size_t *out_size);
DUETIME_API void *duetime_call_live_payload(const duetime_call *call); /* NULL if the job has none */

/* Copies its arguments; `kind` is the error's class, `traceback` may be NULL. */
DUETIME_API void duetime_call_set_error(duetime_call *call, const char *kind, const char *message,
                                        const char *traceback);

/* An object of the caller's (return value or exception) that travels in the run's event. */
DUETIME_API void duetime_call_set_result(duetime_call *call, void *result, duetime_release_fn release);

/* Asked when the node meets a task name that is not registered, from the lane's thread, once per name until
 * duetime_scheduler_release_parked(). Returns 1 and fills *out_fn, *out_user_data and *out_release if it
 * knows the task, 0 if it does not: the task's jobs are then parked here. */
typedef int32_t (*duetime_task_resolver_fn)(void *user_data, const char *name, duetime_task_fn *out_fn,
                                            void **out_user_data, duetime_release_fn *out_release);

#ifdef __cplusplus
}
#endif
#endif
