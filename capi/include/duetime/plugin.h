/* Parts of the engine written outside it. Each is a struct of function pointers that starts with its size;
 * only ever appended to. The library copies the struct; `release` is called exactly once, when the last user
 * of the plugin is gone. Functions are called from any thread, several at the same time, with no engine lock
 * held. */
#ifndef DUETIME_PLUGIN_H
#define DUETIME_PLUGIN_H

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
