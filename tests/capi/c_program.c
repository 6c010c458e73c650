/* C99 and POSIX threads only: this file is what "a C program" means to the test suite. */
#define _POSIX_C_SOURCE 200809L

#include "tests/capi/c_program.h"

#include <duetime/duetime.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char complaint[512];

static const char* complain(const char* what) {
  snprintf(complaint, sizeof complaint, "%s (last error: %.300s)", what, duetime_last_error_message());
  return complaint;
}

#define CHECK(condition)             \
  do {                               \
    if (!(condition)) {              \
      failed = complain(#condition); \
      goto end;                      \
    }                                \
  } while (0)

static const duetime_time noon = INT64_C(1767614400000000); /* 2026-01-05T12:00:00Z */
static const duetime_duration second = 1000000;

/* --- a job in hosted mode --- */

struct seen {
  int calls;
  duetime_time last_scheduled_time;
  char payload[32];
};

static int32_t remember(void* user_data, duetime_call* call) {
  struct seen* seen = user_data;
  size_t size = 0;
  const void* payload = duetime_call_payload(call, &size);
  ++seen->calls;
  seen->last_scheduled_time = duetime_call_scheduled_time(call);
  if (size < sizeof seen->payload) {
    memcpy(seen->payload, payload, size);
    seen->payload[size] = '\0';
  }
  return DUETIME_TASK_SUCCEEDED;
}

const char* c_interval_job_runs_in_hosted_mode(void) {
  const char* failed = NULL;
  struct seen seen = {0, DUETIME_TIME_NONE, ""};
  duetime_clock* clock = NULL;
  duetime_scheduler* scheduler = NULL;
  duetime_trigger* trigger = NULL;
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  duetime_interval_options every_minute = DUETIME_INTERVAL_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  duetime_time next = 0;
  int i;

  CHECK(duetime_clock_create_manual(noon, &clock) == DUETIME_OK);
  options.hosted = 1;
  options.clock = clock;
  CHECK(duetime_scheduler_create(&options, &scheduler) == DUETIME_OK);
  CHECK(duetime_scheduler_add_inline_executor(scheduler, "default") == DUETIME_OK);
  CHECK(duetime_scheduler_register_task(scheduler, "remember", remember, &seen, NULL) == DUETIME_OK);

  every_minute.interval = 60 * second;
  CHECK(duetime_trigger_create_interval(&every_minute, &trigger) == DUETIME_OK);
  job.task = "remember";
  job.payload_encoding = "text";
  job.payload = "hello";
  job.payload_size = 5;
  CHECK(duetime_scheduler_start(scheduler, 0) == DUETIME_OK);
  CHECK(duetime_scheduler_add_job(scheduler, trigger, &job, NULL) == DUETIME_OK);

  for (i = 0; i < 3; ++i) {
    CHECK(duetime_clock_advance(clock, 60 * second) == DUETIME_OK);
    CHECK(duetime_scheduler_run_pending(scheduler, &next) == DUETIME_OK);
  }
  CHECK(seen.calls == 3);
  CHECK(seen.last_scheduled_time == noon + 180 * second);
  CHECK(strcmp(seen.payload, "hello") == 0);
  CHECK(duetime_scheduler_shutdown(scheduler, 1) == DUETIME_OK);

end:
  duetime_trigger_destroy(trigger);
  duetime_scheduler_destroy(scheduler);
  duetime_clock_destroy(clock);
  return failed;
}

/* --- threads and a file --- */

struct counter {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int count;
};

static int32_t count_run(void* user_data, duetime_call* call) {
  struct counter* counter = user_data;
  if (duetime_call_job_id(call) == NULL) return DUETIME_TASK_FAILED;
  pthread_mutex_lock(&counter->mutex);
  ++counter->count;
  pthread_cond_broadcast(&counter->changed);
  pthread_mutex_unlock(&counter->mutex);
  return DUETIME_TASK_SUCCEEDED;
}

static int wait_for_count(struct counter* counter, int wanted) {
  struct timespec deadline;
  int reached;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += 120;
  pthread_mutex_lock(&counter->mutex);
  while (counter->count < wanted &&
         pthread_cond_timedwait(&counter->changed, &counter->mutex, &deadline) == 0) {
  }
  reached = counter->count >= wanted;
  pthread_mutex_unlock(&counter->mutex);
  return reached;
}

const char* c_threads_run_jobs_of_a_sqlite_file(const char* path) {
  const char* failed = NULL;
  struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
  duetime_scheduler* scheduler = NULL;
  duetime_scheduler* later = NULL;
  duetime_trigger* trigger = NULL;
  duetime_job* found = NULL;
  duetime_interval_options often = DUETIME_INTERVAL_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  char configuration[512];

  snprintf(configuration, sizeof configuration, "{\"type\": \"sqlite\", \"path\": \"%s\"}", path);
  CHECK(duetime_scheduler_create(NULL, &scheduler) == DUETIME_OK);
  CHECK(duetime_scheduler_add_store(scheduler, "default", configuration) == DUETIME_OK);
  CHECK(duetime_scheduler_register_task(scheduler, "count", count_run, &counter, NULL) == DUETIME_OK);
  CHECK(duetime_scheduler_start(scheduler, 0) == DUETIME_OK);

  often.interval = 50000;
  CHECK(duetime_trigger_create_interval(&often, &trigger) == DUETIME_OK);
  job.id = "often";
  job.task = "count";
  CHECK(duetime_scheduler_add_job(scheduler, trigger, &job, NULL) == DUETIME_OK);
  CHECK(wait_for_count(&counter, 3));
  CHECK(duetime_scheduler_shutdown(scheduler, 1) == DUETIME_OK);
  duetime_scheduler_destroy(scheduler);
  scheduler = NULL;

  /* Another scheduler finds the job in the file. */
  CHECK(duetime_scheduler_create(NULL, &later) == DUETIME_OK);
  CHECK(duetime_scheduler_add_store(later, "default", configuration) == DUETIME_OK);
  CHECK(duetime_scheduler_get_job(later, NULL, "often", &found) == DUETIME_OK);
  CHECK(strcmp(duetime_job_task(found), "count") == 0);
  CHECK(duetime_job_next_run_time(found) != DUETIME_TIME_NONE);

end:
  duetime_job_destroy(found);
  duetime_trigger_destroy(trigger);
  duetime_scheduler_destroy(scheduler);
  duetime_scheduler_destroy(later);
  return failed;
}

/* --- errors --- */

const char* c_errors_name_the_value(void) {
  const char* failed = NULL;
  duetime_trigger* trigger = NULL;
  duetime_cron_options cron = DUETIME_CRON_OPTIONS_INIT;

  cron.timezone = "Mars/Olympus";
  CHECK(duetime_trigger_create_cron(&cron, &trigger) == DUETIME_ERROR_NOT_FOUND);
  CHECK(strstr(duetime_last_error_message(), "Mars/Olympus") != NULL);
  cron.timezone = NULL;
  cron.minute = "*/60";
  CHECK(duetime_trigger_create_cron(&cron, &trigger) == DUETIME_ERROR_INVALID_ARGUMENT);
  CHECK(strstr(duetime_last_error_message(), "*/60") != NULL);
  CHECK(trigger == NULL);

end:
  duetime_trigger_destroy(trigger);
  return failed;
}
