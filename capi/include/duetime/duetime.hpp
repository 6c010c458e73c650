// duetime for C++17: values that clean up after themselves, std::chrono, exceptions. Header only; link the
// library of the C ABI.
#ifndef DUETIME_DUETIME_HPP
#define DUETIME_DUETIME_HPP

#include <duetime/clock.hpp>
#include <duetime/common.hpp>
#include <duetime/event.hpp>
#include <duetime/job.hpp>
#include <duetime/process_pool.hpp>
#include <duetime/run.hpp>
#include <duetime/scheduler.hpp>
#include <duetime/task.hpp>
#include <duetime/trigger.hpp>

#endif
