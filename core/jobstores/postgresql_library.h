// libpq, PostgreSQL's C client, loaded when the first store needs it and called through one table.
//
// Nothing is linked and no header of libpq is needed: the few functions are declared here. Their types are
// opaque but for two, whose layout belongs to the ABI of libpq.so.5.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>

namespace duetime {

struct PqConnection;  // PGconn
struct PqResult;      // PGresult

// PGnotify
struct PqNotify {
  char* relname;
  int be_pid;
  char* extra;
  PqNotify* next;
};

// PQconninfoOption
struct PqOption {
  char* keyword;
  char* envvar;
  char* compiled;
  char* val;
  char* label;
  char* dispchar;
  int dispsize;
};

using PqNoticeReceiver = void (*)(void* argument, const PqResult* result);

// Every function of libpq that the store calls: name, what it answers, what it takes.
// clang-format off
#define DUETIME_PQ_FUNCTIONS(F)                                                                                   \
  F(PQconninfoParse, PqOption*, (const char*, char**))                                                            \
  F(PQconninfoFree, void, (PqOption*))                                                                            \
  F(PQfreemem, void, (void*))                                                                                     \
  F(PQconnectStartParams, PqConnection*, (const char* const*, const char* const*, int))                           \
  F(PQconnectPoll, int, (PqConnection*))                                                                          \
  F(PQfinish, void, (PqConnection*))                                                                              \
  F(PQstatus, int, (const PqConnection*))                                                                         \
  F(PQtransactionStatus, int, (const PqConnection*))                                                              \
  F(PQparameterStatus, const char*, (const PqConnection*, const char*))                                           \
  F(PQserverVersion, int, (const PqConnection*))                                                                  \
  F(PQerrorMessage, char*, (const PqConnection*))                                                                 \
  F(PQsocket, int, (const PqConnection*))                                                                         \
  F(PQsetnonblocking, int, (PqConnection*, int))                                                                  \
  F(PQsetNoticeReceiver, PqNoticeReceiver, (PqConnection*, PqNoticeReceiver, void*))                              \
  F(PQenterPipelineMode, int, (PqConnection*))                                                                    \
  F(PQpipelineSync, int, (PqConnection*))                                                                         \
  F(PQsendPrepare, int, (PqConnection*, const char*, const char*, int, const unsigned*))                          \
  F(PQsendQueryPrepared, int, (PqConnection*, const char*, int, const char* const*, const int*, const int*, int)) \
  F(PQflush, int, (PqConnection*))                                                                                \
  F(PQconsumeInput, int, (PqConnection*))                                                                         \
  F(PQisBusy, int, (PqConnection*))                                                                               \
  F(PQgetResult, PqResult*, (PqConnection*))                                                                      \
  F(PQnotifies, PqNotify*, (PqConnection*))                                                                       \
  F(PQclear, void, (PqResult*))                                                                                   \
  F(PQresultStatus, int, (const PqResult*))                                                                       \
  F(PQresultErrorField, char*, (const PqResult*, int))                                                            \
  F(PQntuples, int, (const PqResult*))                                                                            \
  F(PQgetisnull, int, (const PqResult*, int, int))                                                                \
  F(PQgetvalue, char*, (const PqResult*, int, int))                                                               \
  F(PQgetlength, int, (const PqResult*, int, int))
// clang-format on

struct PqLibrary {
#define DUETIME_PQ_MEMBER(name, result, arguments) result(*name) arguments = nullptr;
  DUETIME_PQ_FUNCTIONS(DUETIME_PQ_MEMBER)
#undef DUETIME_PQ_MEMBER

  std::string source;  // where it was found, for people
};

// Loads `override_path` if not null and not empty, and then nothing else; or the libpq.so.5 of the system.
// Throws kStoreUnavailable naming the package to install, or what is wrong with the library found.
PqLibrary load_pq_library(const char* override_path);

// The same, once for the process, with the environment's DUETIME_LIBPQ_LIBRARY as the override.
const PqLibrary& pq_library();

}  // namespace duetime
