// MongoDB's C driver (libmongoc 1.x), loaded when the first store needs it and called through one table.
//
// Nothing is linked and no header of the driver is needed: the few functions are declared here. Their types
// are opaque but for two, whose layout belongs to the driver's ABI (libbson-1.0.so.0).
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace duetime {

struct MongocClient;
struct MongocCollection;
struct MongocCursor;
struct MongocReadPrefs;
struct MongocUri;
struct MongocWriteConcern;

// bson_t
struct alignas(128) MongocBson {
  uint32_t flags = 0;
  uint32_t size = 0;
  uint8_t padding[120] = {};
};

// bson_error_t
struct alignas(8) MongocError {
  uint32_t domain = 0;
  uint32_t code = 0;
  char message[504] = {};
};

using MongocLogHandler = void (*)(int level, const char* domain, const char* message, void* user_data);

// Every function of the driver that the store calls: name, what it answers, what it takes.
// clang-format off
#define DUETIME_MONGOC_FUNCTIONS(F)                                                                            \
  F(bson_init_static, bool, (MongocBson*, const uint8_t*, std::size_t))                                        \
  F(bson_get_data, const uint8_t*, (const MongocBson*))                                                        \
  F(bson_destroy, void, (MongocBson*))                                                                         \
  F(mongoc_init, void, ())                                                                                     \
  F(mongoc_get_version, const char*, ())                                                                       \
  F(mongoc_log_set_handler, void, (MongocLogHandler, void*))                                                   \
  F(mongoc_uri_new_with_error, MongocUri*, (const char*, MongocError*))                                        \
  F(mongoc_uri_destroy, void, (MongocUri*))                                                                    \
  F(mongoc_uri_get_database, const char*, (const MongocUri*))                                                  \
  F(mongoc_uri_get_tls, bool, (const MongocUri*))                                                              \
  F(mongoc_uri_has_option, bool, (const MongocUri*, const char*))                                              \
  F(mongoc_uri_set_option_as_int32, bool, (MongocUri*, const char*, int32_t))                                  \
  F(mongoc_uri_set_read_prefs_t, void, (MongocUri*, const MongocReadPrefs*))                                   \
  F(mongoc_uri_get_write_concern, const MongocWriteConcern*, (const MongocUri*))                               \
  F(mongoc_uri_set_write_concern, void, (MongocUri*, const MongocWriteConcern*))                               \
  F(mongoc_read_prefs_new, MongocReadPrefs*, (int))                                                            \
  F(mongoc_read_prefs_destroy, void, (MongocReadPrefs*))                                                       \
  F(mongoc_write_concern_copy, MongocWriteConcern*, (const MongocWriteConcern*))                               \
  F(mongoc_write_concern_destroy, void, (MongocWriteConcern*))                                                 \
  F(mongoc_write_concern_get_w, int32_t, (const MongocWriteConcern*))                                          \
  F(mongoc_write_concern_set_w, void, (MongocWriteConcern*, int32_t))                                          \
  F(mongoc_write_concern_is_acknowledged, bool, (const MongocWriteConcern*))                                   \
  F(mongoc_client_new_from_uri_with_error, MongocClient*, (const MongocUri*, MongocError*))                    \
  F(mongoc_client_set_error_api, bool, (MongocClient*, int32_t))                                               \
  F(mongoc_client_reset, void, (MongocClient*))                                                                \
  F(mongoc_client_destroy, void, (MongocClient*))                                                              \
  F(mongoc_client_command_simple, bool,                                                                        \
    (MongocClient*, const char*, const MongocBson*, const MongocReadPrefs*, MongocBson*, MongocError*))        \
  F(mongoc_client_write_command_with_opts, bool,                                                               \
    (MongocClient*, const char*, const MongocBson*, const MongocBson*, MongocBson*, MongocError*))             \
  F(mongoc_client_get_collection, MongocCollection*, (MongocClient*, const char*, const char*))                \
  F(mongoc_collection_destroy, void, (MongocCollection*))                                                      \
  F(mongoc_collection_find_with_opts, MongocCursor*,                                                           \
    (MongocCollection*, const MongocBson*, const MongocBson*, const MongocReadPrefs*))                         \
  F(mongoc_cursor_next, bool, (MongocCursor*, const MongocBson**))                                             \
  F(mongoc_cursor_error, bool, (MongocCursor*, MongocError*))                                                  \
  F(mongoc_cursor_destroy, void, (MongocCursor*))
// clang-format on

struct MongocLibrary {
#define DUETIME_MONGOC_MEMBER(name, result, arguments) result(*name) arguments = nullptr;
  DUETIME_MONGOC_FUNCTIONS(DUETIME_MONGOC_MEMBER)
#undef DUETIME_MONGOC_MEMBER

  std::string source;  // where it was found, for people
};

// Looks for the file `override_path` if it is not null and not empty, else for libmongoc-1.0.so.0.
// Throws kStoreUnavailable naming the package to install, or what is wrong with the library found.
MongocLibrary load_mongoc_library(const char* override_path);

// The same, once for the process and made ready for use, with the environment's DUETIME_MONGOC_LIBRARY as the
// override.
const MongocLibrary& mongoc_library();

}  // namespace duetime
