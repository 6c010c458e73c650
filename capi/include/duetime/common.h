/* What every part of the C ABI shares: export macro, status codes, versions, times. The rules that hold for
 * all functions (names, ownership, errors, threads, fork) are in capi/CONVENTIONS.md; headers only state what
 * is special. */
#ifndef DUETIME_COMMON_H
#define DUETIME_COMMON_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define DUETIME_API __declspec(dllimport)
#elif defined(__GNUC__)
#define DUETIME_API __attribute__((visibility("default")))
#else
#define DUETIME_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DUETIME_VERSION_MAJOR 0
#define DUETIME_VERSION_MINOR 1
#define DUETIME_VERSION_PATCH 0

/* Outcome of a call: DUETIME_OK or a negative code. Codes are never renumbered; new ones may appear. */
typedef int32_t duetime_status;
enum {
  DUETIME_OK = 0,
  DUETIME_ERROR_INVALID_ARGUMENT = -1, /* a value that could never be right */
  DUETIME_ERROR_NOT_FOUND = -2,        /* no job, store, executor, task or zone of that name */
  DUETIME_ERROR_CONFLICT = -3,         /* the id or alias is taken */
  DUETIME_ERROR_ALREADY_RUNNING = -4,
  DUETIME_ERROR_NOT_RUNNING = -5,
  DUETIME_ERROR_STORE_UNAVAILABLE = -6, /* nothing happened; the same call may work later */
  DUETIME_ERROR_STORE_FULL = -7,        /* nothing of the call was kept */
  DUETIME_ERROR_STORE_CORRUPT = -8,     /* file or schema is not what it should be; left untouched */
  DUETIME_ERROR_NEWER_VERSION = -9,     /* written by a newer duetime; left untouched */
  DUETIME_ERROR_TIMEOUT = -10,          /* the deadline passed; whether it took effect is unknown */
  DUETIME_ERROR_FORKED = -11,           /* the object belongs to the parent process */
  DUETIME_ERROR_STALE_HANDLE = -12,     /* destroyed, or never a handle of this type */
  DUETIME_ERROR_CALLBACK = -13,         /* a callback reported a failure */
  DUETIME_ERROR_UNSUPPORTED = -14,
  DUETIME_ERROR_NO_MEMORY = -15,
  DUETIME_ERROR_INTERNAL = -16,
  DUETIME_ERROR_MAX_INSTANCES = -17 /* as many runs of the job as it allows are under way */
};

/* Text for the last failed call of this thread: what was wrong, with which value, and what was expected.
 * Never NULL; valid until the thread's next call into the library. Meaningless if the last call succeeded. */
DUETIME_API const char *duetime_last_error_message(void);

/* "DUETIME_ERROR_CONFLICT" and the like; "unknown status" for other numbers. Static storage. */
DUETIME_API const char *duetime_status_name(duetime_status status);

/* The loaded library's version: major * 1000000 + minor * 1000 + patch, and "0.1.0" in static storage. */
DUETIME_API int32_t duetime_version(void);
DUETIME_API const char *duetime_version_string(void);

/* Frees what a function's comment says is freed with it. NULL is allowed. */
DUETIME_API void duetime_free(void *memory);

/* Instants are microseconds since 1970-01-01T00:00:00 UTC, years 1 to 9999. */
typedef int64_t duetime_time;
#define DUETIME_TIME_NONE INT64_MIN                     /* no such time: paused, spent, not set */
#define DUETIME_TIME_LATEST INT64_C(253402300799999999) /* the end of the year 9999: nothing to wait for */
#define DUETIME_TIME_FROM_TRIGGER (INT64_MIN + 1)       /* as next run time: the trigger's first fire */

/* Durations are microseconds. */
typedef int64_t duetime_duration;
#define DUETIME_DURATION_UNLIMITED INT64_MAX

/* Destroys what `user_data` points to. Called exactly once for each pointer given to the library together
 * with it, also when that call failed; on any thread, with no lock held. May be NULL. */
typedef void (*duetime_release_fn)(void *user_data);

#ifdef __cplusplus
}
#endif
#endif
