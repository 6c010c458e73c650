/* Runs: what the stores remember of each execution of a job (docs/run_states.md), and the jobs that this node
 * cannot run. */
#ifndef DUETIME_RUN_H
#define DUETIME_RUN_H

#include <duetime/common.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  DUETIME_RUN_CLAIMED = 1, /* a node has it: started, or waiting for a worker */
  DUETIME_RUN_SUCCEEDED = 2,
  DUETIME_RUN_FAILED = 3,
  DUETIME_RUN_MISSED = 4,   /* too late for its misfire grace, so not executed */
  DUETIME_RUN_REFUSED = 5,  /* max_instances were running, so not executed */
  DUETIME_RUN_ABANDONED = 6 /* its node died or lost the lease, and the job does not ask to run again */
};

/* "claimed", "succeeded" and the like; "unknown state" for other numbers. Static storage. */
DUETIME_API const char *duetime_run_state_name(int32_t state);

/* Filled in by the library; test struct_size before reading members that a later version appended. Strings
 * are never NULL and live as long as the list that the run is from. */
typedef struct duetime_run {
  uint32_t struct_size;
  int32_t state;   /* DUETIME_RUN_... */
  int32_t attempt; /* 1, and one more each time the run was taken over from a dead node */
  int32_t reserved;
  const char *id; /* 32 hexadecimal digits */
  const char *job_id;
  const char *task;
  const char *store; /* alias */
  const char *node;  /* that has or had it: 32 hexadecimal digits */
  const char *error; /* what the task reported, or why it was not executed; "" for none */
  int64_t fence;
  int64_t job_revision;
  duetime_time scheduled_time;
  duetime_time claimed_at;
  duetime_time started_at;  /* NONE: not started; also of runs of other nodes that go on */
  duetime_time ended_at;    /* NONE: it goes on */
  duetime_time lease_until; /* on the store's clock, while it goes on; NONE where there are no leases */
} duetime_run;

/* Which runs. What is NULL, 0 or NONE excludes nothing. */
typedef struct duetime_run_filter {
  uint32_t struct_size; /* DUETIME_RUN_FILTER_INIT sets it */
  int32_t state;        /* DUETIME_RUN_..., or 0 */
  const char *job_id;
  duetime_time scheduled_from; /* inclusive, both */
  duetime_time scheduled_until;
  uint64_t limit; /* the latest so many, at least 1 */
} duetime_run_filter;
#define DUETIME_RUN_FILTER_INIT \
  { sizeof(duetime_run_filter), 0, NULL, DUETIME_TIME_NONE, DUETIME_TIME_NONE, 100 }

typedef struct duetime_run_list duetime_run_list;

/* 0 for a stale handle. */
DUETIME_API size_t duetime_run_list_size(const duetime_run_list *list);

/* out_run->struct_size says how much of it there is room for: sizeof(duetime_run). */
DUETIME_API duetime_status duetime_run_list_at(const duetime_run_list *list, size_t index,
                                               duetime_run *out_run);
DUETIME_API void duetime_run_list_destroy(duetime_run_list *list);

/* A job that this node cannot read or run; it stays in its store as it is. As duetime_run otherwise. */
typedef struct duetime_parked_job {
  uint32_t struct_size;
  uint32_t reserved;
  const char *id;
  const char *store; /* alias */
  const char *reason;
} duetime_parked_job;

typedef struct duetime_parked_list duetime_parked_list;

DUETIME_API size_t duetime_parked_list_size(const duetime_parked_list *list);
DUETIME_API duetime_status duetime_parked_list_at(const duetime_parked_list *list, size_t index,
                                                  duetime_parked_job *out_job);
DUETIME_API void duetime_parked_list_destroy(duetime_parked_list *list);

#ifdef __cplusplus
}
#endif
#endif
