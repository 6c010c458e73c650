/* Events: what happened, told to listeners by mask. */
#ifndef DUETIME_EVENT_H
#define DUETIME_EVENT_H

#include <duetime/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first seventeen have APScheduler's values. */
#define DUETIME_EVENT_SCHEDULER_STARTED (UINT64_C(1) << 0)
#define DUETIME_EVENT_SCHEDULER_SHUTDOWN (UINT64_C(1) << 1)
#define DUETIME_EVENT_SCHEDULER_PAUSED (UINT64_C(1) << 2)
#define DUETIME_EVENT_SCHEDULER_RESUMED (UINT64_C(1) << 3)
#define DUETIME_EVENT_EXECUTOR_ADDED (UINT64_C(1) << 4)
#define DUETIME_EVENT_EXECUTOR_REMOVED (UINT64_C(1) << 5)
#define DUETIME_EVENT_STORE_ADDED (UINT64_C(1) << 6)
#define DUETIME_EVENT_STORE_REMOVED (UINT64_C(1) << 7)
#define DUETIME_EVENT_ALL_JOBS_REMOVED (UINT64_C(1) << 8)
#define DUETIME_EVENT_JOB_ADDED (UINT64_C(1) << 9)
#define DUETIME_EVENT_JOB_REMOVED (UINT64_C(1) << 10)
#define DUETIME_EVENT_JOB_MODIFIED (UINT64_C(1) << 11)
#define DUETIME_EVENT_JOB_EXECUTED (UINT64_C(1) << 12)
#define DUETIME_EVENT_JOB_ERROR (UINT64_C(1) << 13)
#define DUETIME_EVENT_JOB_MISSED (UINT64_C(1) << 14)
#define DUETIME_EVENT_JOB_SUBMITTED (UINT64_C(1) << 15)
#define DUETIME_EVENT_JOB_MAX_INSTANCES (UINT64_C(1) << 16)
#define DUETIME_EVENT_JOB_ABANDONED (UINT64_C(1) << 17) /* its node died; it does not ask to run again */
#define DUETIME_EVENT_JOB_RECOVERED (UINT64_C(1) << 18) /* its node died; this node runs it again */
#define DUETIME_EVENT_JOB_PARKED (UINT64_C(1) << 19)    /* cannot be read or run here; left in its store */
#define DUETIME_EVENT_JOB_TRIGGER_ERROR (UINT64_C(1) << 20) /* its trigger failed; it is paused */
#define DUETIME_EVENT_STORE_ERROR (UINT64_C(1) << 21)       /* the lane backs off and tries again */
#define DUETIME_EVENT_STORE_RECOVERED (UINT64_C(1) << 22)
#define DUETIME_EVENT_CLOCK_CHANGED (UINT64_C(1) << 23)
#define DUETIME_EVENT_RUN_LOST (UINT64_C(1) << 24) /* a run ended here after its lease had passed on */
#define DUETIME_EVENT_JOB_SUBMIT_ERROR \
  (UINT64_C(1) << 25) /* its executor could not take it; it stays due and is tried again */
#define DUETIME_EVENT_ALL UINT64_MAX

/* Filled in by the library; test struct_size before reading members that a later version appended. Strings
 * are never NULL; members that a code does not use are empty. Valid until the listener returns. */
typedef struct duetime_event {
  uint32_t struct_size;
  int32_t attempt;
  uint64_t code;
  const char *alias; /* of the executor or store, for the codes about them */
  const char *job_id;
  const char *store;
  const duetime_time *scheduled_times;
  size_t scheduled_time_count;
  int64_t count; /* missed or refused fires, listed or not */
  const char *run_id;
  const char *error_kind;
  const char *error;
  const char *traceback;
  void *result; /* from duetime_call_set_result(); NULL if none */
} duetime_event;

/* Called in the thread of the API call it tells about, or else on the scheduler's event thread (hosted mode:
 * in run_pending()), one event at a time. May call any function of the library. */
typedef void (*duetime_listener_fn)(void *user_data, const duetime_event *event);

#ifdef __cplusplus
}
#endif
#endif
