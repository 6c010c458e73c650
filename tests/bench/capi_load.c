/* A million jobs in one process, by the C ABI alone: what each costs in memory, how fast they are added, and
 * how late their runs start. Each job runs once an hour, at a moment of its own, so that the load is even.
 *
 *   capi_load [JOBS] [SECONDS]      default 1000000 30 */
#define _POSIX_C_SOURCE 200809L

#include <duetime/duetime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 1000, RUNS_AT_MOST = 10000000 };
static const duetime_duration hour = INT64_C(3600000000);

static void must(const char* what, duetime_status status) {
  if (status == DUETIME_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, duetime_status_name(status), duetime_last_error_message());
  exit(1);
}

static duetime_time now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (duetime_time)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static double resident_bytes(void) {
  unsigned long total = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2) exit(1);
  fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* How late each run started, in microseconds. One worker: no lock. */
static int32_t lateness[RUNS_AT_MOST];
static size_t runs;

static int32_t note(void* user_data, duetime_call* call) {
  (void)user_data;
  if (runs < RUNS_AT_MOST) lateness[runs++] = (int32_t)(now() - duetime_call_scheduled_time(call));
  return DUETIME_TASK_SUCCEEDED;
}

static int by_size(const void* a, const void* b) {
  const int32_t x = *(const int32_t*)a, y = *(const int32_t*)b;
  return x < y ? -1 : x > y;
}

/* Their first runs are spread over the hour from `start` on. */
static void add_batch(duetime_scheduler* scheduler, long first, long jobs, duetime_time start) {
  static duetime_job_options options[BATCH];
  static duetime_trigger* triggers[BATCH];
  static char ids[BATCH][24];
  int i;
  for (i = 0; i < BATCH; ++i) {
    duetime_interval_options every = DUETIME_INTERVAL_OPTIONS_INIT;
    const duetime_job_options defaults = DUETIME_JOB_OPTIONS_INIT;
    every.interval = hour;
    every.start = start + (duetime_duration)((double)hour * (double)(first + i) / (double)jobs);
    must("make a trigger", duetime_trigger_create_interval(&every, &triggers[i]));
    snprintf(ids[i], sizeof ids[i], "job-%ld", first + i);
    options[i] = defaults;
    options[i].id = ids[i];
    options[i].task = "note";
    options[i].misfire_grace = DUETIME_DURATION_UNLIMITED;
  }
  must("add jobs",
       duetime_scheduler_add_jobs(scheduler, BATCH, (const duetime_trigger* const*)triggers, options));
  for (i = 0; i < BATCH; ++i) duetime_trigger_destroy(triggers[i]);
}

int main(int argc, char** argv) {
  const long jobs = (argc > 1 ? atol(argv[1]) : 1000000) / BATCH * BATCH;
  const unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 30;
  duetime_scheduler* scheduler = NULL;
  duetime_time began;
  double before, adding;
  long i;

  must("create", duetime_scheduler_create(NULL, &scheduler));
  must("add a store", duetime_scheduler_add_store(scheduler, "default", "memory:"));
  must("add a pool", duetime_scheduler_add_thread_pool(scheduler, "default", 1, NULL));
  must("register", duetime_scheduler_register_task(scheduler, "note", note, NULL, NULL));
  must("start paused", duetime_scheduler_start(scheduler, 1));
  memset(lateness, 1, sizeof lateness); /* resident before it is measured */
  before = resident_bytes();
  began = now();
  for (i = 0; i < jobs; i += BATCH) add_batch(scheduler, i, jobs, began + INT64_C(20000000));
  adding = (double)(now() - began) / 1e6;
  printf("jobs                 %ld\n", jobs);
  printf("added per second     %.0f (in batches of %d, each with a trigger of its own)\n",
         (double)jobs / adding, BATCH);
  printf("memory per job       %.0f bytes\n", (resident_bytes() - before) / (double)jobs);
  if (now() > began + INT64_C(20000000))
    fprintf(stderr, "adding took longer than 20 s: the first runs are late\n");

  must("resume", duetime_scheduler_resume(scheduler));
  while (now() < began + INT64_C(20000000) + (duetime_duration)seconds * 1000000) sleep(1);
  must("shut down", duetime_scheduler_shutdown(scheduler, 1));
  duetime_scheduler_destroy(scheduler);
  if (runs == 0) return 1;
  qsort(lateness, runs, sizeof lateness[0], by_size);
  printf("runs                 %lu, %.0f a second\n", (unsigned long)runs, (double)runs / seconds);
  printf("lateness, us         median %d, 99 of 100 %d, longest %d\n", (int)lateness[runs / 2],
         (int)lateness[runs * 99 / 100], (int)lateness[runs - 1]);
  return 0;
}
