/* Process pools: executors whose workers are processes, programs of any language that speak the protocol of
 * docs/worker_protocol.md. A worker that dies fails the run it was executing and is replaced. */
#ifndef DUETIME_PROCESS_POOL_H
#define DUETIME_PROCESS_POOL_H

#include <duetime/common.h>
#include <duetime/scheduler.h>
#include <duetime/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What came of a run in a worker. The texts are "" where there is nothing to say. */
typedef struct duetime_worker_outcome {
  uint32_t struct_size;
  int32_t status;         /* DUETIME_TASK_SUCCEEDED, ..._FAILED or ..._CANNOT_RUN */
  const char *error_kind; /* "BrokenProcessPool" if the worker died, "TimeoutError" if it was killed for that,
                             "PayloadError" if the arguments could not cross; else what the worker said */
  const char *error_message;
  const char *traceback;
  const void *result; /* of the worker's language: a return value or an exception */
  size_t result_size; /* 0: none */
} duetime_worker_outcome;

typedef struct duetime_process_pool_options {
  uint32_t struct_size;    /* DUETIME_PROCESS_POOL_OPTIONS_INIT sets it */
  uint32_t workers;        /* at most so many processes, 1 to 1,000; they start when they are needed */
  const char *const *argv; /* the program and its arguments, then NULL; argv[0] is looked up in PATH */
  const void *setup;       /* what each worker is told first; may be NULL */
  size_t setup_size;
  uint64_t max_tasks_per_child; /* a worker is replaced after so many runs; 0: never */
  duetime_duration timeout;     /* of a run, whose worker is killed; 0: none */

  /* One thread, started with the first run, speaks with the workers and calls what follows; NULL for none. */
  const duetime_thread_hooks *thread_hooks;

  /* For the functions below, each of which may be NULL. `call` is as for a task, valid until they return. */
  void *user_data;
  duetime_release_fn release;

  /* The run goes to a worker. */
  void (*starting)(void *user_data, duetime_call *call);

  /* Bytes for a live payload (duetime_call_live_payload()), given by duetime_call_set_payload(). Answers
   * DUETIME_TASK_SUCCEEDED; else the run fails with the text of duetime_call_set_error(). Without this
   * function jobs with live payloads fail. */
  int32_t (*encode)(void *user_data, duetime_call *call);

  /* What came of it, once for each `starting`. Answers how the run ends: outcome->status, as a rule. It may
   * hand on an object with duetime_call_set_result() and replace the error with duetime_call_set_error(). */
  int32_t (*ended)(void *user_data, duetime_call *call, const duetime_worker_outcome *outcome);
} duetime_process_pool_options;
#define DUETIME_PROCESS_POOL_OPTIONS_INIT \
  { sizeof(duetime_process_pool_options), 10, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

/* Workers inherit the environment as it is now. */
DUETIME_API duetime_status duetime_scheduler_add_process_pool(duetime_scheduler *scheduler, const char *alias,
                                                              const duetime_process_pool_options *options);

/* In `encode` only: copies what the worker is to get as the job's payload. */
DUETIME_API void duetime_call_set_payload(duetime_call *call, const char *encoding, const void *data,
                                          size_t size);

#ifdef __cplusplus
}
#endif
#endif
