/* Loads libduetime at run time. Only the headers are needed to build it: the program starts without the
 * library and says so if it is not there.
 *
 *   dlopen [LIBRARY]      default libduetime.so.0, looked up as ld.so does
 *
 * An interval job runs three times; then exit status 0. */
#define _POSIX_C_SOURCE 200809L

#include <dlfcn.h>
#include <duetime/duetime.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS_WANTED = 3, SECONDS_AT_MOST = 60 };

/* The functions that this program uses, with the types that the header gives them. */
static struct {
  const char* (*last_error_message)(void);
  const char* (*version_string)(void);
  duetime_status (*scheduler_create)(const duetime_scheduler_options*, duetime_scheduler**);
  duetime_status (*scheduler_register_task)(duetime_scheduler*, const char*, duetime_task_fn, void*,
                                            duetime_release_fn);
  duetime_status (*scheduler_start)(duetime_scheduler*, int32_t);
  duetime_status (*scheduler_add_job)(duetime_scheduler*, const duetime_trigger*, const duetime_job_options*,
                                      duetime_job**);
  duetime_status (*scheduler_shutdown)(duetime_scheduler*, int32_t);
  void (*scheduler_destroy)(duetime_scheduler*);
  duetime_status (*trigger_create_interval)(const duetime_interval_options*, duetime_trigger**);
  void (*trigger_destroy)(duetime_trigger*);
  duetime_time (*call_scheduled_time)(const duetime_call*);
} duetime;

/* C has no cast from an object pointer to a function pointer; POSIX says that their bytes are the same. */
static void load(void* library, const char* name, void* function, size_t size) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  memcpy(function, &symbol, size);
}

#define LOAD(name) load(library, "duetime_" #name, &duetime.name, sizeof duetime.name)

/* The library stays loaded until the process ends: its threads and the callbacks it holds need it. */
static void load_duetime(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "cannot load duetime: %s\n", dlerror());
    exit(1);
  }
  LOAD(last_error_message);
  LOAD(version_string);
  LOAD(scheduler_create);
  LOAD(scheduler_register_task);
  LOAD(scheduler_start);
  LOAD(scheduler_add_job);
  LOAD(scheduler_shutdown);
  LOAD(scheduler_destroy);
  LOAD(trigger_create_interval);
  LOAD(trigger_destroy);
  LOAD(call_scheduled_time);
}

static void must(const char* what, duetime_status status) {
  if (status == DUETIME_OK) return;
  fprintf(stderr, "%s: %s\n", what, duetime.last_error_message());
  exit(1);
}

struct counter {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int runs;
};

static int32_t count_run(void* user_data, duetime_call* call) {
  struct counter* counter = user_data;
  pthread_mutex_lock(&counter->mutex);
  printf("run %d, due at %" PRId64 " us\n", ++counter->runs, duetime.call_scheduled_time(call));
  pthread_cond_signal(&counter->changed);
  pthread_mutex_unlock(&counter->mutex);
  return DUETIME_TASK_SUCCEEDED;
}

static int wait_for_runs(struct counter* counter) {
  struct timespec deadline;
  int enough;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += SECONDS_AT_MOST;
  pthread_mutex_lock(&counter->mutex);
  while (counter->runs < RUNS_WANTED &&
         pthread_cond_timedwait(&counter->changed, &counter->mutex, &deadline) == 0) {
  }
  enough = counter->runs >= RUNS_WANTED;
  pthread_mutex_unlock(&counter->mutex);
  return enough;
}

int main(int argc, char** argv) {
  static struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
  duetime_interval_options every = DUETIME_INTERVAL_OPTIONS_INIT;
  duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
  duetime_scheduler* scheduler = NULL;
  duetime_trigger* trigger = NULL;
  int enough;

  load_duetime(argc > 1 ? argv[1] : "libduetime.so.0");
  printf("loaded duetime %s\n", duetime.version_string());

  must("create a scheduler", duetime.scheduler_create(NULL, &scheduler));
  must("register the task", duetime.scheduler_register_task(scheduler, "count", count_run, &counter, NULL));
  must("start", duetime.scheduler_start(scheduler, 0));
  every.interval = 100000;
  must("make a trigger", duetime.trigger_create_interval(&every, &trigger));
  job.task = "count";
  must("add the job", duetime.scheduler_add_job(scheduler, trigger, &job, NULL));
  enough = wait_for_runs(&counter);
  must("shut down", duetime.scheduler_shutdown(scheduler, 1));
  duetime.trigger_destroy(trigger);
  duetime.scheduler_destroy(scheduler);
  return enough ? 0 : 1;
}
