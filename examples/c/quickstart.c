/* A schedule that lives in an SQLite file: an interval job, a cron job and a one-shot job, a listener that
 * counts, a few seconds of work, and a look at what is stored afterwards.
 *
 *   quickstart [FILE]      FILE is made anew; default duetime_quickstart.db
 *
 * Exit status 0 says that everything happened as promised, 1 that something did not (it says what). */
#define _POSIX_C_SOURCE 200809L

#include <duetime/duetime.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BEATS_WANTED = 5, TICKS_WANTED = 2, SECONDS_AT_MOST = 60 };

/* What the tasks and the listener count; they run on several threads. */
struct counts {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int beats;
  int ticks;
  int greetings;
  int executed; /* runs that the listener was told of */
  int failed;
};

static struct counts counts = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0, 0};

static void count(int* counter) {
  pthread_mutex_lock(&counts.mutex);
  ++*counter;
  pthread_cond_broadcast(&counts.changed);
  pthread_mutex_unlock(&counts.mutex);
}

/* Every function of duetime answers a status; this program ends at the first that is not DUETIME_OK. */
static void must(const char* what, duetime_status status) {
  if (status == DUETIME_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, duetime_status_name(status), duetime_last_error_message());
  exit(1);
}

static duetime_time now_in_microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (duetime_time)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* "09:30:00.250", in UTC. */
static const char* clock_time(duetime_time time, char text[24]) {
  const time_t seconds = (time_t)(time / 1000000);
  struct tm parts;
  gmtime_r(&seconds, &parts);
  snprintf(text, 24, "%02d:%02d:%02d.%03d", parts.tm_hour % 24, parts.tm_min % 60, parts.tm_sec % 61,
           (int)(time % 1000000 / 1000));
  return text;
}

/* --- tasks -------------------------------------------------------------------------------------------------
 */

/* One function for the interval and the cron job: user_data says which counter is theirs. */
static int32_t beat(void* user_data, duetime_call* call) {
  char due[24];
  printf("  %-9s due %s  run %.8s\n", duetime_call_job_id(call),
         clock_time(duetime_call_scheduled_time(call), due), duetime_call_run_id(call));
  count(user_data);
  return DUETIME_TASK_SUCCEEDED;
}

/* Arguments travel as the job's payload: bytes that only the task understands. */
static int32_t greet(void* user_data, duetime_call* call) {
  size_t size = 0;
  const char* name = duetime_call_payload(call, &size);
  if (size == 0) {
    duetime_call_set_error(call, "ValueError", "nobody to greet", NULL);
    return DUETIME_TASK_FAILED;
  }
  printf("  %-9s Hello, %.*s!\n", duetime_call_job_id(call), (int)size, name);
  count(user_data);
  return DUETIME_TASK_SUCCEEDED;
}

/* Called on the scheduler's event thread, so that it delays no run. */
static void listen(void* user_data, const duetime_event* event) {
  (void)user_data;
  if (event->code == DUETIME_EVENT_JOB_EXECUTED) count(&counts.executed);
  if (event->code == DUETIME_EVENT_JOB_ERROR) {
    printf("  %-9s failed: %s: %s\n", event->job_id, event->error_kind, event->error);
    count(&counts.failed);
  }
}

/* --- the schedule ------------------------------------------------------------------------------------------
 */

static duetime_scheduler* make_scheduler(const char* file) {
  duetime_scheduler* scheduler = NULL;
  char configuration[1024];
  snprintf(configuration, sizeof configuration, "{\"type\": \"sqlite\", \"path\": \"%s\"}", file);
  must("create the scheduler", duetime_scheduler_create(NULL, &scheduler));
  must("open the store", duetime_scheduler_add_store(scheduler, "default", configuration));
  return scheduler;
}

static void add(duetime_scheduler* scheduler, duetime_trigger* trigger, const duetime_job_options* options) {
  must("add a job", duetime_scheduler_add_job(scheduler, trigger, options, NULL));
  duetime_trigger_destroy(trigger);
}

static void add_interval_job(duetime_scheduler* scheduler) {
  duetime_interval_options every = DUETIME_INTERVAL_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  duetime_trigger* trigger = NULL;
  every.interval = 500000;
  must("make an interval trigger", duetime_trigger_create_interval(&every, &trigger));
  job.id = "heartbeat";
  job.task = "beat";
  add(scheduler, trigger, &job);
}

static void add_cron_job(duetime_scheduler* scheduler) {
  duetime_cron_options each_second = DUETIME_CRON_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  duetime_trigger* trigger = NULL;
  each_second.second = "*";
  each_second.timezone = "Europe/Berlin";
  must("make a cron trigger", duetime_trigger_create_cron(&each_second, &trigger));
  job.id = "tick";
  job.task = "tick";
  add(scheduler, trigger, &job);
}

static void add_one_shot_job(duetime_scheduler* scheduler) {
  static const char name[] = "world";
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  duetime_trigger* trigger = NULL;
  must("make a date trigger", duetime_trigger_create_date(now_in_microseconds() + 1000000, NULL, &trigger));
  job.id = "greeting";
  job.task = "greet";
  job.payload_encoding = "text";
  job.payload = name;
  job.payload_size = strlen(name);
  job.misfire_grace = DUETIME_DURATION_UNLIMITED; /* once, however late */
  add(scheduler, trigger, &job);
}

/* --- looking on --------------------------------------------------------------------------------------------
 */

static int all_has_happened(void) {
  return counts.beats >= BEATS_WANTED && counts.ticks >= TICKS_WANTED && counts.greetings >= 1 &&
         counts.executed >= BEATS_WANTED + TICKS_WANTED + 1;
}

static int wait_until_all_has_happened(void) {
  struct timespec deadline;
  int happened;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += SECONDS_AT_MOST;
  pthread_mutex_lock(&counts.mutex);
  while (!all_has_happened() && pthread_cond_timedwait(&counts.changed, &counts.mutex, &deadline) == 0) {
  }
  happened = all_has_happened();
  pthread_mutex_unlock(&counts.mutex);
  return happened;
}

static void print_latest_runs(duetime_scheduler* scheduler) {
  duetime_run_filter latest = DUETIME_RUN_FILTER_INIT;
  duetime_run_list* list = NULL;
  size_t i;
  latest.limit = 3;
  must("list runs", duetime_scheduler_list_runs(scheduler, NULL, &latest, &list));
  printf("\nThe latest three runs, as the store has them:\n");
  for (i = 0; i < duetime_run_list_size(list); ++i) {
    duetime_run run;
    char scheduled[24];
    run.struct_size = sizeof run;
    must("read a run", duetime_run_list_at(list, i, &run));
    printf("  %-9s for %s: %s\n", run.job_id, clock_time(run.scheduled_time, scheduled),
           duetime_run_state_name(run.state));
  }
  duetime_run_list_destroy(list);
}

/* Prints the stored jobs; answers a bit for each: 1 heartbeat, 2 tick, 4 greeting. */
static int print_stored_jobs(duetime_scheduler* scheduler) {
  static const char* const ids[] = {"heartbeat", "tick", "greeting"};
  duetime_job_list* list = NULL;
  int stored = 0;
  size_t i, k;
  must("list jobs", duetime_scheduler_list_jobs(scheduler, NULL, &list));
  for (i = 0; i < duetime_job_list_size(list); ++i) {
    duetime_job* job = NULL;
    char next[24];
    must("read a job", duetime_job_list_at(list, i, &job));
    printf("  %-9s runs task %-4s next at %s\n", duetime_job_id(job), duetime_job_task(job),
           clock_time(duetime_job_next_run_time(job), next));
    for (k = 0; k < sizeof ids / sizeof ids[0]; ++k) {
      if (strcmp(duetime_job_id(job), ids[k]) == 0) stored |= 1 << k;
    }
    duetime_job_destroy(job);
  }
  duetime_job_list_destroy(list);
  return stored;
}

static int promise(int kept, const char* what) {
  printf("%s  %s\n", kept ? "ok    " : "BROKEN", what);
  return kept;
}

static void remove_earlier_file(const char* file) {
  static const char* const suffixes[] = {"", "-wal", "-shm"};
  char path[1024];
  size_t i;
  for (i = 0; i < sizeof suffixes / sizeof suffixes[0]; ++i) {
    snprintf(path, sizeof path, "%s%s", file, suffixes[i]);
    remove(path);
  }
}

static int run_for_a_while(const char* file) {
  duetime_scheduler* scheduler = make_scheduler(file);
  uint64_t listener = 0;
  int happened;
  must("register beat", duetime_scheduler_register_task(scheduler, "beat", beat, &counts.beats, NULL));
  must("register tick", duetime_scheduler_register_task(scheduler, "tick", beat, &counts.ticks, NULL));
  must("register greet", duetime_scheduler_register_task(scheduler, "greet", greet, &counts.greetings, NULL));
  must("listen",
       duetime_scheduler_add_listener(scheduler, DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR, listen,
                                      NULL, NULL, &listener));
  must("start", duetime_scheduler_start(scheduler, 0));
  add_interval_job(scheduler);
  add_cron_job(scheduler);
  add_one_shot_job(scheduler);
  happened = wait_until_all_has_happened();
  must("shut down", duetime_scheduler_shutdown(scheduler, 1));
  print_latest_runs(scheduler);
  duetime_scheduler_destroy(scheduler);
  return happened;
}

int main(int argc, char** argv) {
  const char* file = argc > 1 ? argv[1] : "duetime_quickstart.db";
  duetime_scheduler* later;
  int happened, stored, kept;

  printf("duetime %s, jobs in %s\n", duetime_version_string(), file);
  remove_earlier_file(file);
  happened = run_for_a_while(file);

  printf("\nWhat another scheduler finds in the file:\n");
  later = make_scheduler(file);
  stored = print_stored_jobs(later);
  duetime_scheduler_destroy(later);

  printf("\n%d heartbeats, %d ticks, %d greeting; %d successes and %d failures heard\n", counts.beats,
         counts.ticks, counts.greetings, counts.executed, counts.failed);
  kept = promise(happened, "the interval, the cron and the one-shot job ran, and the listener heard of it");
  kept &= promise(counts.greetings == 1, "the one-shot job ran once");
  kept &= promise(counts.failed == 0, "no run failed");
  kept &= promise(counts.executed == counts.beats + counts.ticks + counts.greetings,
                  "after the shutdown every run was told, none twice");
  kept &=
      promise(stored == (1 | 2), "the interval and the cron job are still stored, the one-shot job is gone");
  return kept ? 0 : 1;
}
