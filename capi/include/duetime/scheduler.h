/* The scheduler: stores, executors, tasks and listeners under one roof.
 *
 * Every function may be called from any thread at any time, also from tasks and listeners, except that
 * duetime_scheduler_destroy() must not race with other calls that expect to succeed: they answer
 * STALE_HANDLE. */
#ifndef DUETIME_SCHEDULER_H
#define DUETIME_SCHEDULER_H

#include <duetime/clock.h>
#include <duetime/common.h>
#include <duetime/event.h>
#include <duetime/job.h>
#include <duetime/run.h>
#include <duetime/task.h>
#include <duetime/trigger.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct duetime_scheduler duetime_scheduler;

enum { DUETIME_LOG_DEBUG = 10, DUETIME_LOG_INFO = 20, DUETIME_LOG_WARNING = 30, DUETIME_LOG_ERROR = 40 };

/* May be called from any thread; never under an engine lock. Strings live until it returns. */
typedef void (*duetime_log_fn)(void *user_data, int32_t level, const char *logger, const char *message);

typedef struct duetime_scheduler_options {
  uint32_t struct_size;                /* DUETIME_SCHEDULER_OPTIONS_INIT sets it */
  int32_t hosted;                      /* 1: no threads; call duetime_scheduler_run_pending() */
  const duetime_clock *clock;          /* NULL: the system's */
  duetime_duration lease;              /* of claims in shared stores; at least 100 ms */
  duetime_duration retry_interval_max; /* longest wait between tries of a failing store; at least 100 ms */
  duetime_duration history_max_age;    /* ended runs are kept this long */
  uint64_t history_max_count;          /* and at most this many per store */
  duetime_log_fn log;                  /* NULL: warnings and errors to standard error */
  void *log_user_data;
  duetime_release_fn release_log_user_data;
  int32_t log_level; /* DUETIME_LOG_...: the lowest level that is logged */
  uint32_t reserved;
} duetime_scheduler_options;
#define DUETIME_SCHEDULER_OPTIONS_INIT                                                                  \
  {                                                                                                     \
    sizeof(duetime_scheduler_options), 0, NULL, 30000000, 10000000, INT64_C(604800000000), 10000, NULL, \
        NULL, NULL, DUETIME_LOG_INFO, 0                                                                 \
  }

/* A scheduler without stores and executors, stopped. options: NULL for the defaults.
 * out_scheduler: freed with duetime_scheduler_destroy(). */
DUETIME_API duetime_status duetime_scheduler_create(const duetime_scheduler_options *options,
                                                    duetime_scheduler **out_scheduler);

/* The same from a JSON object of options, stores and executors (docs/configuration.md), wholly or not at all.
 * `options` (may be NULL) gives what the document does not mention, and what only a program can give: log and
 * clock. Nothing is opened or started yet. INVALID_ARGUMENT names the member that is unknown or wrong. */
DUETIME_API duetime_status duetime_scheduler_create_from_json(const char *json,
                                                              const duetime_scheduler_options *options,
                                                              duetime_scheduler **out_scheduler);

/* Shuts down without waiting for running tasks, and frees. NULL is allowed. */
DUETIME_API void duetime_scheduler_destroy(duetime_scheduler *scheduler);

/* --- life -------------------------------------------------------------------------------------------------
 */

/* ALREADY_RUNNING if it runs. Adds a memory store and a thread pool named "default" where nothing of that
 * name was added. paused: 1 to claim nothing until duetime_scheduler_resume(). */
DUETIME_API duetime_status duetime_scheduler_start(duetime_scheduler *scheduler, int32_t paused);

/* Claims nothing more. wait: 1 to return only when running tasks have ended and are recorded (a task that
 * calls this does not wait for itself). NOT_RUNNING if it does not run. It may be started again. */
DUETIME_API duetime_status duetime_scheduler_shutdown(duetime_scheduler *scheduler, int32_t wait);
DUETIME_API duetime_status duetime_scheduler_pause(duetime_scheduler *scheduler);
DUETIME_API duetime_status duetime_scheduler_resume(duetime_scheduler *scheduler);

enum { DUETIME_STATE_STOPPED = 0, DUETIME_STATE_RUNNING = 1, DUETIME_STATE_PAUSED = 2 };
DUETIME_API duetime_status duetime_scheduler_state(const duetime_scheduler *scheduler, int32_t *out_state);

/* Node id, state and, per store, liveness, lag and last error, as a JSON object (docs/health.md).
 * out_json: freed with duetime_free(). */
DUETIME_API duetime_status duetime_scheduler_health(const duetime_scheduler *scheduler, char **out_json);

/* What has become of runs on this node since its start, in numbers: by store, counts for each outcome, and
 * how lateness and durations are spread (docs/health.md). Asks no store. out_json: freed with duetime_free().
 */
DUETIME_API duetime_status duetime_scheduler_statistics(const duetime_scheduler *scheduler, char **out_json);

/* Health and statistics in the text format of Prometheus. out_text: freed with duetime_free(). */
DUETIME_API duetime_status duetime_scheduler_metrics(const duetime_scheduler *scheduler, char **out_text);

/* --- hosted mode ------------------------------------------------------------------------------------------
 */

/* Claims and hands over what is due and delivers events, in this thread. out_next: when to call again at the
 * latest if the descriptor does not become readable before, DUETIME_TIME_LATEST if nothing is scheduled.
 * UNSUPPORTED in threaded mode. */
DUETIME_API duetime_status duetime_scheduler_run_pending(duetime_scheduler *scheduler,
                                                         duetime_time *out_next);

/* A descriptor that is readable when run_pending() has work. Owned by the scheduler. */
DUETIME_API duetime_status duetime_scheduler_wakeup_fd(const duetime_scheduler *scheduler, int32_t *out_fd);

/* Plays time, for tests and simulations: the manual clock of these hosted schedulers moves to `until`, from
 * one due instant to the next, and what is due at each has run to its end, in thread pools too, and been told
 * to listeners before time goes on. Idle stretches cost nothing; the outcome is the same each time, also for
 * several schedulers that share a store. `until` is now: only what is due now. In a task or listener it moves
 * the clock and nothing else. Schedulers that do not run are left out.
 *
 * timeout: of real time; DUETIME_DURATION_UNLIMITED to wait as long as it takes. TIMEOUT if what runs has not
 * ended by then: the same call goes on from there. INVALID_ARGUMENT if the schedulers are not all hosted, on
 * one manual clock. */
DUETIME_API duetime_status duetime_scheduler_play(duetime_scheduler *const *schedulers, size_t count,
                                                  duetime_time until, duetime_duration timeout);

/* --- stores, executors, tasks, listeners ------------------------------------------------------------------
 */

/* Adds a store; it is opened when it is first needed, by duetime_scheduler_start() at the latest.
 * configuration: a URL ("memory:", "sqlite:///relative.db", "sqlite:////absolute.db") or a JSON object
 * {"type": "sqlite", "path": "jobs.db", ...} (docs/job_stores.md). */
DUETIME_API duetime_status duetime_scheduler_add_store(duetime_scheduler *scheduler, const char *alias,
                                                       const char *configuration);

/* Closes it when its running tasks have ended (wait: 1) or at once; its jobs stay in it. */
DUETIME_API duetime_status duetime_scheduler_remove_store(duetime_scheduler *scheduler, const char *alias,
                                                          int32_t wait);

/* What a host language needs around its threads; all on the worker's thread, no lock held, each may be NULL.
 */
typedef struct duetime_thread_hooks {
  uint32_t struct_size; /* sizeof(duetime_thread_hooks) */
  uint32_t reserved;
  void *user_data;
  duetime_release_fn release;
  void (*started)(void *user_data);  /* once, before the worker's first task */
  void (*stopping)(void *user_data); /* once, after its last */
  void (*busy)(void *user_data);     /* before it takes tasks after a wait */
  void (*idle)(void *user_data);     /* before it waits for tasks again */
} duetime_thread_hooks;

/* workers: 1 to 10,000. hooks: NULL for none. */
DUETIME_API duetime_status duetime_scheduler_add_thread_pool(duetime_scheduler *scheduler, const char *alias,
                                                             uint32_t workers,
                                                             const duetime_thread_hooks *hooks);

/* Runs tasks in the thread that hands them over. */
DUETIME_API duetime_status duetime_scheduler_add_inline_executor(duetime_scheduler *scheduler,
                                                                 const char *alias);
DUETIME_API duetime_status duetime_scheduler_remove_executor(duetime_scheduler *scheduler, const char *alias,
                                                             int32_t wait);

/* Makes `name` known; replaces an earlier function of that name, whose user_data is released when its last
 * run has ended. */
DUETIME_API duetime_status duetime_scheduler_register_task(duetime_scheduler *scheduler, const char *name,
                                                           duetime_task_fn fn, void *user_data,
                                                           duetime_release_fn release);

/* For names that are not registered. Replaces an earlier resolver; fn NULL removes it. */
DUETIME_API duetime_status duetime_scheduler_set_task_resolver(duetime_scheduler *scheduler,
                                                               duetime_task_resolver_fn fn, void *user_data,
                                                               duetime_release_fn release);

DUETIME_API duetime_status duetime_scheduler_add_listener(duetime_scheduler *scheduler, uint64_t mask,
                                                          duetime_listener_fn fn, void *user_data,
                                                          duetime_release_fn release, uint64_t *out_listener);
/* NOT_FOUND if there is none. A delivery under way in another thread may still end afterwards. */
DUETIME_API duetime_status duetime_scheduler_remove_listener(duetime_scheduler *scheduler, uint64_t listener);

/* --- jobs -------------------------------------------------------------------------------------------------
 * `store` NULL means every store, searched in the order they were added. out_job may be NULL; else it is a
 * new snapshot, freed with duetime_job_destroy(), untouched on failure. */

/* The scheduler copies what it needs; the caller still owns `trigger`. CONFLICT if the id is taken, NOT_FOUND
 * if the store is unknown. A trigger that never fires adds nothing: OK, and *out_job is NULL. */
DUETIME_API duetime_status duetime_scheduler_add_job(duetime_scheduler *scheduler,
                                                     const duetime_trigger *trigger,
                                                     const duetime_job_options *options,
                                                     duetime_job **out_job);

/* Adds all or none to one store (that of the first options): one transaction for thousands of jobs. */
DUETIME_API duetime_status duetime_scheduler_add_jobs(duetime_scheduler *scheduler, size_t count,
                                                      const duetime_trigger *const *triggers,
                                                      const duetime_job_options *options);

/* What adds the jobs if it is run, in this order, in a transaction of the caller's own connection to the
 * store's database: they are there when that commits, and every node sees them then. out_json, freed with
 * duetime_free(): an array of {"sql": text in which ? stands for each parameter and for nothing else,
 * "parameters": array of null, integers and texts, "must_change": true where a statement that changes no row
 * means that the id of a job is taken: stop there}. Needs a store of SQL, which is opened if it is not yet
 * (UNSUPPORTED for others). `replace` begins a job anew; jobs whose trigger never fires are left out. No
 * event tells of the jobs. */
DUETIME_API duetime_status duetime_scheduler_sql_to_add_jobs(duetime_scheduler *scheduler, size_t count,
                                                             const duetime_trigger *const *triggers,
                                                             const duetime_job_options *options,
                                                             char **out_json);

/* Copies jobs from elsewhere into one store, once: adds those whose ids are free and notes `source` (1 to
 * 1024 bytes: where they come from, "apscheduler:apscheduler_jobs"), in one atomic step. If the store has
 * that note already nothing changes. Also with no jobs. Of two jobs with one id the first is added; jobs
 * whose trigger never fires are left out. `store` is not NULL; the options' own `store` and `replace` are not
 * looked at. No event tells of the jobs. out_imported (may be NULL): 1 if this call did it, 0 if it was done
 * before. */
DUETIME_API duetime_status duetime_scheduler_import_jobs(duetime_scheduler *scheduler, const char *store,
                                                         const char *source, size_t count,
                                                         const duetime_trigger *const *triggers,
                                                         const duetime_job_options *options,
                                                         int32_t *out_imported);

/* Whether that has happened, so that what was copied need not be read again at each start. */
DUETIME_API duetime_status duetime_scheduler_imported(const duetime_scheduler *scheduler, const char *store,
                                                      const char *source, int32_t *out_imported);

/* Changes the members that `fields` (DUETIME_JOB_...) names; a changed trigger (NULL: unchanged) leaves the
 * next run time alone unless DUETIME_JOB_NEXT_RUN_TIME is among them. */
DUETIME_API duetime_status duetime_scheduler_modify_job(duetime_scheduler *scheduler, const char *store,
                                                        const char *id, uint32_t fields,
                                                        const duetime_job_options *options,
                                                        const duetime_trigger *trigger,
                                                        duetime_job **out_job);
DUETIME_API duetime_status duetime_scheduler_pause_job(duetime_scheduler *scheduler, const char *store,
                                                       const char *id, duetime_job **out_job);
/* Due again at the trigger's first fire from now. If there is none the job is removed, and *out_job is NULL.
 */
DUETIME_API duetime_status duetime_scheduler_resume_job(duetime_scheduler *scheduler, const char *store,
                                                        const char *id, duetime_job **out_job);
DUETIME_API duetime_status duetime_scheduler_remove_job(duetime_scheduler *scheduler, const char *store,
                                                        const char *id);
DUETIME_API duetime_status duetime_scheduler_remove_all_jobs(duetime_scheduler *scheduler, const char *store);

/* Reads the tz database again (duetime_reload_time_zones()) and gives the jobs whose zone has changed
 * triggers with the new data; *out_count (may be NULL) is how many. Next run times stay unless
 * `move_next_runs` is 1: then each is what the trigger says from now on. Nodes that share a store do this
 * each for themselves. */
DUETIME_API duetime_status duetime_scheduler_reload_time_zones(duetime_scheduler *scheduler,
                                                               int32_t move_next_runs, size_t *out_count);

/* NOT_FOUND if there is none. */
DUETIME_API duetime_status duetime_scheduler_get_job(const duetime_scheduler *scheduler, const char *store,
                                                     const char *id, duetime_job **out_job);

/* Jobs ordered by next run time, paused ones last, then by id. out_list: freed with
 * duetime_job_list_destroy(). */
DUETIME_API duetime_status duetime_scheduler_list_jobs(const duetime_scheduler *scheduler, const char *store,
                                                       duetime_job_list **out_list);

/* Jobs by id, ascending by its bytes; where `store` is NULL, store after store. filter: NULL for all. Pages
 * are read with `limit` and, from the second on, the last id of the page before as `after_id`, from one
 * store: INVALID_ARGUMENT if `store` is NULL then. out_list: freed with duetime_job_list_destroy(). */
DUETIME_API duetime_status duetime_scheduler_find_jobs(const duetime_scheduler *scheduler, const char *store,
                                                       const duetime_job_filter *filter,
                                                       duetime_job_list **out_list);

/* Ended runs of this store, or of all that there are now, are kept while they are younger than max_age (0 or
 * more) and among the latest max_count, whatever the scheduler's options and the store's configuration say;
 * what is beyond is removed within ten minutes, by each node that does so according to its own setting. */
DUETIME_API duetime_status duetime_scheduler_set_history(duetime_scheduler *scheduler, const char *store,
                                                         duetime_duration max_age, uint64_t max_count);

/* Runs that the store remembers, latest first: of all nodes that share it, and also of jobs that are gone.
 * filter: NULL for the latest 100. out_list: freed with duetime_run_list_destroy(). */
DUETIME_API duetime_status duetime_scheduler_list_runs(const duetime_scheduler *scheduler, const char *store,
                                                       const duetime_run_filter *filter,
                                                       duetime_run_list **out_list);

/* Runs the job once on this node, beside its schedule: also a paused one, and while the scheduler is paused.
 * It waits for a worker where its executor has none free, and is never too late. out_run_id (may be NULL): 32
 * hexadecimal digits, freed with duetime_free(). NOT_RUNNING; NOT_FOUND if there is no such job;
 * MAX_INSTANCES if so many runs of it are under way. */
DUETIME_API duetime_status duetime_scheduler_run_job(duetime_scheduler *scheduler, const char *store,
                                                     const char *id, char **out_run_id);

/* Tells a run that is under way on this node to end early: its task sees it (duetime_call_is_cancelled()) and
 * does what it likes; a run that waits for a worker does not start, and fails. NOT_FOUND if it is not under
 * way here. duetime_scheduler_shutdown() tells it all tasks that run. */
DUETIME_API duetime_status duetime_scheduler_cancel_run(duetime_scheduler *scheduler, const char *run_id);

/* What duetime_call_is_cancelled() answers, for threads that have not got the call: 1 also when the scheduler
 * is shut down, 0 for a run that is not under way here. */
DUETIME_API duetime_status duetime_scheduler_is_run_cancelled(const duetime_scheduler *scheduler,
                                                              const char *run_id, int32_t *out_cancelled);

/* The runs that are under way now, oldest first: of all nodes, where the store is shared. started_at is NONE
 * for runs of other nodes and for those that wait for a worker. NOT_RUNNING. out_list: freed with
 * duetime_run_list_destroy(). */
DUETIME_API duetime_status duetime_scheduler_list_running(const duetime_scheduler *scheduler,
                                                          const char *store, duetime_run_list **out_list);

/* Jobs that this node cannot read or run. out_list: freed with duetime_parked_list_destroy(). */
DUETIME_API duetime_status duetime_scheduler_list_parked(const duetime_scheduler *scheduler,
                                                         duetime_parked_list **out_list);

/* Looks at a parked job again. NOT_FOUND if it is not parked. */
DUETIME_API duetime_status duetime_scheduler_release_parked(duetime_scheduler *scheduler, const char *store,
                                                            const char *id);

#ifdef __cplusplus
}
#endif
#endif
