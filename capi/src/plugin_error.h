// What duetime_plugin_set_error() and duetime_plugin_set_answer() leave behind in this thread, for the call
// of the plugin that is being made.
#pragma once

#include <string>

namespace duetime::capi {

std::string& plugin_error() noexcept;
std::string& plugin_answer() noexcept;

}  // namespace duetime::capi
