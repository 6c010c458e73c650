/* A job that runs once, in a year that a manual clock plays; exit status 0 if it did. */
#include <duetime/duetime.h>
#include <stdio.h>

enum { DAY_IN_SECONDS = 86400 };
static const duetime_time start = INT64_C(1767614400000000); /* 2026-01-05T12:00:00Z */
static const duetime_duration day = (duetime_duration)DAY_IN_SECONDS * 1000000;

static int32_t count(void* user_data, duetime_call* call) {
  (void)call;
  ++*(int*)user_data;
  return DUETIME_TASK_SUCCEEDED;
}

static int failed(const char* what, duetime_status status) {
  if (status == DUETIME_OK) return 0;
  fprintf(stderr, "%s: %s: %s\n", what, duetime_status_name(status), duetime_last_error_message());
  return 1;
}

int main(void) {
  int runs = 0;
  duetime_clock* clock = NULL;
  duetime_scheduler* scheduler = NULL;
  duetime_trigger* trigger = NULL;
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  if (failed("clock", duetime_clock_create_manual(start, &clock))) return 1;
  options.hosted = 1;
  options.clock = clock;
  job.task = "count";
  if (failed("scheduler", duetime_scheduler_create(&options, &scheduler)) ||
      failed("task", duetime_scheduler_register_task(scheduler, "count", count, &runs, NULL)) ||
      failed("start", duetime_scheduler_start(scheduler, 0)) ||
      failed("trigger", duetime_trigger_create_date(start + 100 * day, NULL, &trigger)) ||
      failed("job", duetime_scheduler_add_job(scheduler, trigger, &job, NULL)) ||
      failed("play", duetime_scheduler_play(&scheduler, 1, start + 365 * day, DUETIME_DURATION_UNLIMITED))) {
    return 1;
  }
  duetime_trigger_destroy(trigger);
  duetime_scheduler_destroy(scheduler);
  duetime_clock_destroy(clock);
  printf("duetime %s: %d run\n", duetime_version_string(), runs);
  return runs == 1 ? 0 : 1;
}
