/* Jobs: what duetime_scheduler_add_job() is told, and the snapshots that queries answer. */
#ifndef DUETIME_JOB_H
#define DUETIME_JOB_H

#include <duetime/common.h>
#include <duetime/trigger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Everything about a job but its trigger. Strings are UTF-8 and copied. */
typedef struct duetime_job_options {
  uint32_t struct_size;  /* DUETIME_JOB_OPTIONS_INIT sets it */
  int32_t coalesce;      /* 0 or 1: several due fires become one run, the latest */
  int32_t max_instances; /* at least 1; over all nodes that share the store */
  int32_t recover;       /* 0 or 1: run again when the node that ran it died */
  int32_t replace;       /* 0 or 1: overwrite a job of the same id instead of CONFLICT. If its trigger is the
                            same and next_run_time is left to it, the job stays where it stands */
  uint32_t tag_count;
  const char *const *tags;
  const char *id;                 /* 1-191 bytes; NULL or "": a random one */
  const char *name;               /* NULL: the task's name */
  const char *task;               /* not NULL, not empty */
  const char *executor;           /* NULL: "default" */
  const char *store;              /* NULL: "default" */
  duetime_duration misfire_grace; /* at least 1 us, or DUETIME_DURATION_UNLIMITED */
  duetime_time next_run_time;   /* DUETIME_TIME_FROM_TRIGGER, DUETIME_TIME_NONE (paused), or the first run */
  const char *payload_encoding; /* "json", ...; NULL: "none" */
  const void *payload;          /* payload_size bytes; may be NULL for 0 */
  size_t payload_size;
  void *live_payload; /* an object of the caller's instead of bytes; memory stores only. May be NULL */
  duetime_release_fn release_live_payload;
} duetime_job_options;
#define DUETIME_JOB_OPTIONS_INIT                                                             \
  {                                                                                          \
    sizeof(duetime_job_options), 1, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1000000, \
        DUETIME_TIME_FROM_TRIGGER, NULL, NULL, 0, NULL, NULL                                 \
  }

/* Members of duetime_job_options, for duetime_scheduler_modify_job(). */
enum {
  DUETIME_JOB_NAME = 1 << 0,
  DUETIME_JOB_TASK = 1 << 1,
  DUETIME_JOB_EXECUTOR = 1 << 2,
  DUETIME_JOB_COALESCE = 1 << 3,
  DUETIME_JOB_MAX_INSTANCES = 1 << 4,
  DUETIME_JOB_RECOVER = 1 << 5,
  DUETIME_JOB_MISFIRE_GRACE = 1 << 6,
  DUETIME_JOB_NEXT_RUN_TIME = 1 << 7,
  DUETIME_JOB_PAYLOAD = 1 << 8,
  DUETIME_JOB_TAGS = 1 << 9
};

enum {
  DUETIME_JOB_SCHEDULED = 0,
  DUETIME_JOB_PAUSED = 1,
  DUETIME_JOB_FINISHING = 2, /* its trigger is spent; it leaves when its last run has ended */
  DUETIME_JOB_UNREADABLE = 3 /* its stored document cannot be read here; only id and error are set */
};

/* A snapshot of a job; it does not change. Getters borrow: their strings live as long as the snapshot. On a
 * stale handle they answer NULL, 0 or DUETIME_TIME_NONE. */
typedef struct duetime_job duetime_job;

DUETIME_API const char *duetime_job_id(const duetime_job *job);
DUETIME_API const char *duetime_job_name(const duetime_job *job);
DUETIME_API const char *duetime_job_task(const duetime_job *job);
DUETIME_API const char *duetime_job_executor(const duetime_job *job);
DUETIME_API const char *duetime_job_store(const duetime_job *job); /* alias */
DUETIME_API const char *duetime_job_error(const duetime_job *job); /* "" unless UNREADABLE */
DUETIME_API int32_t duetime_job_status(const duetime_job *job);
DUETIME_API int32_t duetime_job_coalesce(const duetime_job *job);
DUETIME_API int32_t duetime_job_max_instances(const duetime_job *job);
DUETIME_API int32_t duetime_job_recover(const duetime_job *job);
DUETIME_API int64_t
duetime_job_revision(const duetime_job *job); /* 0 in the answer of add_job(): not read yet */
DUETIME_API duetime_duration duetime_job_misfire_grace(const duetime_job *job);
DUETIME_API duetime_time duetime_job_next_run_time(const duetime_job *job);
DUETIME_API uint32_t duetime_job_tag_count(const duetime_job *job);
DUETIME_API const char *duetime_job_tag(const duetime_job *job, uint32_t index);
DUETIME_API const char *duetime_job_payload_encoding(const duetime_job *job);
DUETIME_API const void *duetime_job_payload(const duetime_job *job, size_t *out_size);
DUETIME_API void *duetime_job_live_payload(const duetime_job *job); /* NULL if it has none */

/* out_trigger: a new handle, freed with duetime_trigger_destroy(). */
DUETIME_API duetime_status duetime_job_trigger(const duetime_job *job, duetime_trigger **out_trigger);

/* The job document. out_json: freed with duetime_free(). UNSUPPORTED for a live payload. */
DUETIME_API duetime_status duetime_job_to_json(const duetime_job *job, char **out_json);

DUETIME_API void duetime_job_destroy(duetime_job *job);

/* Which jobs. What is NULL excludes nothing; unreadable jobs have neither tags nor task nor executor. */
typedef struct duetime_job_filter {
  uint32_t struct_size; /* DUETIME_JOB_FILTER_INIT sets it */
  uint32_t reserved;
  const char *tag; /* one of the job's */
  const char *task;
  const char *executor;
  const char *after_id; /* only ids that are greater, by their bytes */
  uint64_t limit;       /* at most so many, at least 1 */
} duetime_job_filter;
#define DUETIME_JOB_FILTER_INIT \
  { sizeof(duetime_job_filter), 0, NULL, NULL, NULL, NULL, UINT64_MAX }

/* The answer of a listing. */
typedef struct duetime_job_list duetime_job_list;

DUETIME_API size_t duetime_job_list_size(const duetime_job_list *list);

/* out_job: a new handle, freed with duetime_job_destroy(); independent of the list. */
DUETIME_API duetime_status duetime_job_list_at(const duetime_job_list *list, size_t index,
                                               duetime_job **out_job);
DUETIME_API void duetime_job_list_destroy(duetime_job_list *list);

#ifdef __cplusplus
}
#endif
#endif
