/* Parts of the engine written outside it. Each is a struct of function pointers that starts with its size;
 * only ever appended to. The library copies the struct; `release` is called exactly once, when the last user
 * of the plugin is gone. Functions are called from any thread, several at the same time, with no engine lock
 * held. */
#ifndef DUETIME_PLUGIN_H
#define DUETIME_PLUGIN_H

#include <duetime/clock.h>
#include <duetime/execution.h>
#include <duetime/scheduler.h>
#include <duetime/trigger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reports why a plugin function failed; call it before returning non-zero. Copies its argument. */
DUETIME_API void duetime_plugin_set_error(const char *message);

/* A trigger. It is known by `type` and `state_json`, which stored jobs keep; a job whose trigger type is
 * unknown to a node is parked there. */
typedef struct duetime_trigger_plugin {
  uint32_t struct_size; /* sizeof(duetime_trigger_plugin) */
  uint32_t reserved;
  void *user_data;
  duetime_release_fn release;

  /* As duetime_trigger_next_fire_time(). Non-zero: failed; the job is paused with an event. The same happens
   * when *out_fire_time is not later than `previous`. */
  int32_t (*next_fire_time)(void *user_data, duetime_time previous, duetime_time now,
                            duetime_time *out_fire_time);
} duetime_trigger_plugin;

/* `document`: JSON object kept as the trigger's document, with a "type" that is not one of the engine's. */
DUETIME_API duetime_status duetime_trigger_create_plugin(const duetime_trigger_plugin *plugin,
                                                         const char *document, duetime_trigger **out_trigger);

/* Makes triggers of a plugin type from their stored documents. */
typedef struct duetime_trigger_factory {
  uint32_t struct_size; /* sizeof(duetime_trigger_factory) */
  uint32_t reserved;
  void *user_data;
  duetime_release_fn release;

  /* Fills in `out_plugin`, whose struct_size is set. Non-zero: failed; the job is parked. */
  int32_t (*make)(void *user_data, const char *document, duetime_trigger_plugin *out_plugin);
} duetime_trigger_factory;

/* Replaces the factory for this type. INVALID_ARGUMENT for one of the engine's own types. */
DUETIME_API duetime_status duetime_register_trigger_type(const char *type,
                                                         const duetime_trigger_factory *factory);

/* The offset of a zone at an instant, in seconds east of UTC, less than 24 hours either way. Non-zero: failed
 * (duetime_plugin_set_error() says why). */
typedef int32_t (*duetime_utc_offset_fn)(void *user_data, duetime_time time, int32_t *out_offset);

/* Makes a zone that only the host knows usable by `name`, which begins with "custom/". The function is called
 * some 50,000 times, for 1900 to 2439, before this returns, and never again; user_data is then the caller's
 * again. Jobs that use the zone are parked on nodes where it is not registered. */
DUETIME_API duetime_status duetime_register_time_zone(const char *name, duetime_utc_offset_fn utc_offset,
                                                      void *user_data);

/* A clock: another source of time than the system's. Schedulers ask it what time it is, and sleep until its
 * owner says with duetime_clock_wake() that time has come. They do so even where they hold locks, so the
 * functions answer at once and call nothing of the library. */
typedef struct duetime_clock_plugin {
  uint32_t struct_size; /* sizeof(duetime_clock_plugin) */
  uint32_t reserved;
  void *user_data;
  duetime_release_fn release;

  /* Wall time, UTC; it may jump. What lies outside the years 1 to 9999 counts as the nearest instant that
   * does not. */
  duetime_time (*now)(void *user_data);

  /* Time since a beginning that boot_id names; it never goes back. Leases are measured on it. NULL, both: the
   * machine's, which is right for nodes that share a store with others that live by the system's clock. */
  duetime_duration (*boot_time)(void *user_data);
  const char *boot_id; /* 1-191 bytes; copied */

  /* A thread sleeps until `when`, which is still to come: duetime_clock_wake() is due then at the latest.
   * Requests add up: one does not replace another. NULL: the owner calls it whenever time moves. */
  void (*awaited)(void *user_data, duetime_time when);
} duetime_clock_plugin;

/* out_clock: as of duetime_clock_create_manual(). */
DUETIME_API duetime_status duetime_clock_create_plugin(const duetime_clock_plugin *plugin,
                                                       duetime_clock **out_clock);

/* Time has come to where it is now, which this call asks of the plugin; was_set: 1 if the wall clock was set,
 * forward or back, and time did not pass. To be called after every change of what now() answers that matters
 * to a sleeper, and always when it was set. Wakes those whose time has come. out_next (may be NULL): the
 * earliest instant that one still sleeps for, DUETIME_TIME_LATEST if there is none. UNSUPPORTED for a manual
 * clock, which does it by itself.
 *
 * An owner that keeps one timer sets it to DUETIME_TIME_LATEST before this call, and moves it forward, never
 * back, to *out_next and to what awaited() says. */
DUETIME_API duetime_status duetime_clock_wake(duetime_clock *clock, int32_t was_set, duetime_time *out_next);

/* An executor. */
typedef struct duetime_executor_plugin {
  uint32_t struct_size; /* sizeof(duetime_executor_plugin) */
  uint32_t capacity;    /* how many executions it welcomes at the same time; 0: any number */
  void *user_data;
  duetime_release_fn release;

  /* When it is added and when the scheduler starts, also after a shutdown(). Non-zero: failed, and so does
   * the caller. May be NULL. */
  int32_t (*start)(void *user_data);

  /* Takes the execution, which is the executor's from then on, until duetime_execution_destroy(). Called from
   * the lanes' threads, several at the same time: it must not block. Non-zero: the execution is still the
   * library's, and is tried again after a pause. */
  int32_t (*submit)(void *user_data, duetime_execution *execution);

  /* The scheduler is shut down or the executor removed. wait: 1 to return only when every run has ended, but
   * for one that is the caller. May be called more than once. May be NULL. */
  void (*shutdown)(void *user_data, int32_t wait);
} duetime_executor_plugin;

/* CONFLICT if the alias is taken; CALLBACK if its start() failed. */
DUETIME_API duetime_status duetime_scheduler_add_executor(duetime_scheduler *scheduler, const char *alias,
                                                          const duetime_executor_plugin *plugin);

/* A job store, as a record storage: it finds records and writes them; claims, leases and takeover are made of
 * that by the library. docs/job_store_plugin.md specifies the questions, answers and operations, which are
 * JSON texts. A function answers DUETIME_OK, or says with duetime_plugin_set_error() why not; the page says
 * which codes mean what. Calls that block hold up this store's jobs only. */
typedef struct duetime_job_store_plugin {
  uint32_t struct_size;    /* sizeof(duetime_job_store_plugin) */
  uint32_t max_operations; /* that one write takes, at least 16; 0: any number */
  void *user_data;
  duetime_release_fn release;

  /* Connects, makes or checks the schema. open() may come again after close(). Both may be NULL. */
  duetime_status (*open)(void *user_data);
  void (*close)(void *user_data);

  /* The clock that all nodes share. NULL: there is none. */
  duetime_status (*now)(void *user_data, duetime_time *out_now);

  /* Takes `count` numbers from the counter; *out_first is the first. */
  duetime_status (*draw)(void *user_data, uint32_t count, int64_t *out_first);

  /* Gives its answer with duetime_plugin_set_answer(). */
  duetime_status (*read)(void *user_data, const char *question);

  /* CONFLICT: a guard did not hold, and nothing was written. */
  duetime_status (*write)(void *user_data, const char *operations);

  /* In the child of a fork: lets go of connections without a word to the other side. May be NULL. */
  void (*forked)(void *user_data);
} duetime_job_store_plugin;

/* What a plugin function answers, in its own thread, before it returns. Copies its argument. */
DUETIME_API void duetime_plugin_set_answer(const char *answer);

/* As duetime_scheduler_add_store(). name: for logs and errors, never with a password. */
DUETIME_API duetime_status duetime_scheduler_add_store_plugin(duetime_scheduler *scheduler, const char *alias,
                                                              const char *name,
                                                              const duetime_job_store_plugin *plugin);

#ifdef __cplusplus
}
#endif
#endif
