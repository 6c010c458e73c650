// duetime for C++17: values that clean up after themselves, std::chrono, exceptions. Header only; link the
// library of the C ABI.
#ifndef DUETIME_DUETIME_HPP
#define DUETIME_DUETIME_HPP

#include <duetime/common.hpp>
#include <duetime/trigger.hpp>

#endif
