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

/* Either fields as APScheduler reads them (Monday is 0; all must match; NULL takes the default: below the
 * least significant field given its minimum, else "*"; week and day_of_week "*"), or one `expression` in
 * another dialect: "crontab" ("0 9 * * mon-fri", "@daily"; Sunday is 0 or 7; seconds first if there are six
 * fields) or "quartz" ("0 0 9 ? * MON-FRI"; Sunday is 1). */
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
  const char *dialect;    /* NULL: fields; else "crontab" or "quartz", with an expression and no field */
  const char *expression; /* NULL without a dialect */
} duetime_cron_options;
#define DUETIME_CRON_OPTIONS_INIT                                                                          \
  {                                                                                                        \
    sizeof(duetime_cron_options), DUETIME_DST_VIXIE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
        DUETIME_TIME_NONE, DUETIME_TIME_NONE, 0, NULL, NULL                                                \
  }

DUETIME_API duetime_status duetime_trigger_create_cron(const duetime_cron_options *options,
                                                       duetime_trigger **out_trigger);

/* Every so many years, months, weeks and days at the same time of day. Years and months are added first,
 * until the date exists, then weeks and days. Dates on which the clock skips that time are passed over; of a
 * time that comes twice, the first counts. */
typedef struct duetime_calendar_interval_options {
  uint32_t struct_size; /* DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT sets it */
  int32_t years;        /* none negative, at least one positive */
  int32_t months;
  int32_t weeks;
  int32_t days;
  int32_t hour; /* 0-23 */
  int32_t minute;
  int32_t second;
  const char *start_date; /* "2026-11-23"; NULL: the day of `now` at the first question */
  const char *end_date;   /* inclusive; NULL: none */
  const char *timezone;   /* NULL: UTC */
  duetime_duration jitter;
} duetime_calendar_interval_options;
#define DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT \
  { sizeof(duetime_calendar_interval_options), 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0 }

DUETIME_API duetime_status duetime_trigger_create_calendar_interval(
    const duetime_calendar_interval_options *options, duetime_trigger **out_trigger);

/* A recurrence of RFC 5545: lines DTSTART, RRULE, EXDATE, RDATE, with TZID or `Z`, as in an iCalendar file.
 * `timezone` (NULL: UTC) is for times without either. */
DUETIME_API duetime_status duetime_trigger_create_rrule(const char *lines, const char *timezone,
                                                        duetime_trigger **out_trigger);

/* Fires when all (`and`) or any (`or`) of `count` triggers do, at least one. They stay the caller's and may
 * be destroyed at once. An interval among them should have a start. `and` gives up with UNSUPPORTED, in
 * duetime_trigger_next_fire_time(), when it has found nothing for long. */
DUETIME_API duetime_status duetime_trigger_create_and(const duetime_trigger *const *triggers, size_t count,
                                                      duetime_duration jitter, duetime_trigger **out_trigger);
DUETIME_API duetime_status duetime_trigger_create_or(const duetime_trigger *const *triggers, size_t count,
                                                     duetime_duration jitter, duetime_trigger **out_trigger);

/* Takes away the fires of `trigger` that fall into calendars or that one of `except` (NULL if `count` is 0)
 * has too. `calendars_json` (NULL: none) is an array of objects with at least one of the members "dates":
 * ["2026-12-25", "2026-12-27/2026-12-31"], "yearly": ["05-01"], "weekdays": ["sat", "sun"] "windows":
 * ["12:00/13:30"]   only these hours; without it, the whole of the days in wall time of `timezone` (NULL:
 * that of `trigger`). */
DUETIME_API duetime_status duetime_trigger_create_not(const duetime_trigger *trigger,
                                                      const duetime_trigger *const *except, size_t count,
                                                      const char *calendars_json, const char *timezone,
                                                      duetime_trigger **out_trigger);

/* From a trigger document, {"type": "interval", ...} (docs/job_document.md), and back: the door to every kind
 * of trigger. out_json: freed with duetime_free(). */
DUETIME_API duetime_status duetime_trigger_create_from_json(const char *json, duetime_trigger **out_trigger);
DUETIME_API duetime_status duetime_trigger_to_json(const duetime_trigger *trigger, char **out_json);

/* The first fire after `previous` (DUETIME_TIME_NONE before the first), without jitter. `now` bounds rules
 * that have no start. out_fire_time is DUETIME_TIME_NONE when the rule is spent. */
DUETIME_API duetime_status duetime_trigger_next_fire_time(const duetime_trigger *trigger,
                                                          duetime_time previous, duetime_time now,
                                                          duetime_time *out_fire_time);

/* An English sentence, "every 15 minutes (UTC)"; its wording may change. out_text: freed with duetime_free().
 */
DUETIME_API duetime_status duetime_trigger_explain(const duetime_trigger *trigger, char **out_text);

enum {
  DUETIME_WALL_UNIQUE = 0,
  DUETIME_WALL_FIRST_OF_TWO = 1, /* the clock is going to be put back and to show this time again */
  DUETIME_WALL_SECOND_OF_TWO = 2
};

typedef struct duetime_previewed_fire {
  duetime_time time;
  int32_t utc_offset; /* of the trigger's zone, in seconds */
  int32_t wall_time;  /* DUETIME_WALL_... */
  /* The last change of the zone's offset after the fire before (the first: after `now`), up to this one;
   * DUETIME_TIME_NONE if there was none. */
  duetime_time transition;
  int32_t offset_before; /* the transition */
  int32_t offset_after;
} duetime_previewed_fire;

/* The first `capacity` fires from `now` on into `out_fires`, and how many there are: fewer if the rule is
 * spent. */
DUETIME_API duetime_status duetime_trigger_preview(const duetime_trigger *trigger, duetime_time now,
                                                   size_t capacity, duetime_previewed_fire *out_fires,
                                                   size_t *out_count);

DUETIME_API void duetime_trigger_destroy(duetime_trigger *trigger);

/* The directories in which zones are looked up from now on, first match wins; replaces the search path of the
 * whole process (at first: the TZDIR environment variable, then the system's usual places). Zones loaded
 * before stay as they are. A host language passes its own path here, so that both read the same data. Copied.
 * INVALID_ARGUMENT if `directories` or one of its `count` entries is NULL. */
DUETIME_API duetime_status duetime_set_time_zone_path(const char *const *directories, size_t count);

/* Reads the files of the tz database again for triggers made from now on. Existing triggers keep what they
 * have; duetime_scheduler_reload_time_zones() renews those of a scheduler's jobs. */
DUETIME_API duetime_status duetime_reload_time_zones(void);

#ifdef __cplusplus
}
#endif
#endif
