/* Triggers: the rules that say when. Immutable; safe from any thread. */
#ifndef DUETIME_TRIGGER_H
#define DUETIME_TRIGGER_H

#include <duetime/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct duetime_trigger duetime_trigger;

/* Once. `timezone` (NULL: UTC) is for display only. */
DUETIME_API duetime_status duetime_trigger_create_date(duetime_time run_time, const char *timezone,
                                                       duetime_trigger **out_trigger);

typedef struct duetime_interval_options {
  uint32_t struct_size; /* DUETIME_INTERVAL_OPTIONS_INIT sets it */
  uint32_t reserved;
  duetime_duration interval; /* at least 1 */
  duetime_time start;        /* grid start + k * interval; DUETIME_TIME_NONE: one interval after now */
  duetime_time end;          /* inclusive, or DUETIME_TIME_NONE */
  duetime_duration jitter;   /* runs are delayed by up to this; does not accumulate */
  const char *timezone;      /* for display only; NULL: UTC */
} duetime_interval_options;
#define DUETIME_INTERVAL_OPTIONS_INIT \
  { sizeof(duetime_interval_options), 0, 0, DUETIME_TIME_NONE, DUETIME_TIME_NONE, 0, NULL }

DUETIME_API duetime_status duetime_trigger_create_interval(const duetime_interval_options *options,
                                                           duetime_trigger **out_trigger);

/* What cron does with wall times that a change of the clock skips or repeats. */
enum {
  DUETIME_DST_VIXIE = 0,       /* skipped: once, right after the change; repeated: once. `*` hours or minutes
                                  follow the clock */
  DUETIME_DST_APSCHEDULER = 1, /* skipped: at the instant the old offset gives; repeated: twice */
  DUETIME_DST_SKIP = 2,        /* skipped: not at all; repeated: once */
  DUETIME_DST_RFC5545 = 3      /* skipped: at the instant the old offset gives; repeated: once */
};

/* Fields as APScheduler reads them (Monday is 0; all must match). NULL takes the default: below the least
 * significant field given its minimum, else "*"; week and day_of_week "*". */
typedef struct duetime_cron_options {
  uint32_t struct_size; /* DUETIME_CRON_OPTIONS_INIT sets it */
  int32_t dst;          /* DUETIME_DST_... */
  const char *year;
  const char *month;
  const char *day;
  const char *week;
  const char *day_of_week;
  const char *hour;
  const char *minute;
  const char *second;
  const char *timezone; /* IANA name or "+05:30"; NULL: UTC */
  duetime_time start;   /* or DUETIME_TIME_NONE */
  duetime_time end;     /* inclusive, or DUETIME_TIME_NONE */
  duetime_duration jitter;
} duetime_cron_options;
#define DUETIME_CRON_OPTIONS_INIT                                                                          \
  {                                                                                                        \
    sizeof(duetime_cron_options), DUETIME_DST_VIXIE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
        DUETIME_TIME_NONE, DUETIME_TIME_NONE, 0                                                            \
  }

DUETIME_API duetime_status duetime_trigger_create_cron(const duetime_cron_options *options,
                                                       duetime_trigger **out_trigger);

/* From a trigger document, {"type": "interval", ...} (docs/job_document.md), and back.
 * out_json: freed with duetime_free(). */
DUETIME_API duetime_status duetime_trigger_create_from_json(const char *json, duetime_trigger **out_trigger);
DUETIME_API duetime_status duetime_trigger_to_json(const duetime_trigger *trigger, char **out_json);

/* The first fire after `previous` (DUETIME_TIME_NONE before the first), without jitter. `now` bounds rules
 * that have no start. out_fire_time is DUETIME_TIME_NONE when the rule is spent. */
DUETIME_API duetime_status duetime_trigger_next_fire_time(const duetime_trigger *trigger,
                                                          duetime_time previous, duetime_time now,
                                                          duetime_time *out_fire_time);

DUETIME_API void duetime_trigger_destroy(duetime_trigger *trigger);

/* The directories in which zones are looked up from now on, first match wins; replaces the search path of the
 * whole process (at first: the TZDIR environment variable, then the system's usual places). Zones loaded
 * before stay as they are. A host language passes its own path here, so that both read the same data. Copied.
 * INVALID_ARGUMENT if `directories` or one of its `count` entries is NULL. */
DUETIME_API duetime_status duetime_set_time_zone_path(const char *const *directories, size_t count);

#ifdef __cplusplus
}
#endif
#endif
