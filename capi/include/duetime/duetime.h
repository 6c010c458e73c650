/* duetime: a persistent job scheduler. This header includes the whole C ABI; each part may be included alone.
 * Start with scheduler.h; examples/c/quickstart.c shows a complete program. */
#ifndef DUETIME_DUETIME_H
#define DUETIME_DUETIME_H

#include <duetime/clock.h>
#include <duetime/common.h>
#include <duetime/event.h>
#include <duetime/execution.h>
#include <duetime/job.h>
#include <duetime/plugin.h>
#include <duetime/process_pool.h>
#include <duetime/run.h>
#include <duetime/scheduler.h>
#include <duetime/task.h>
#include <duetime/trigger.h>

#endif
