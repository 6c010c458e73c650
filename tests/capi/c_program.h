/* Scenes written in C99, called from c_program_test.cpp: what a C program sees of the library. */
#ifndef DUETIME_TESTS_CAPI_C_PROGRAM_H
#define DUETIME_TESTS_CAPI_C_PROGRAM_H

#ifdef __cplusplus
extern "C" {
#endif

/* Each answers NULL if all went as it should, else a text that says what did not. */
const char* c_interval_job_runs_in_hosted_mode(void);
const char* c_threads_run_jobs_of_a_sqlite_file(const char* path);
const char* c_errors_name_the_value(void);

#ifdef __cplusplus
}
#endif
#endif
