// OpenSSL (3.x or 1.1), loaded when the first connection needs it and called through one table: programs that
// use no TLS need not have it, and the package that carries the engine carries no copy that would grow old.
//
// Nothing is linked and no header of OpenSSL is needed: the few functions are declared here, their types
// opaque. Macros of OpenSSL's headers are calls of SSL_ctrl() and SSL_CTX_ctrl().
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace duetime {

struct OpensslBio;
struct OpensslBioMethod;
struct OpensslContext;
struct OpensslMethod;
struct OpensslSession;
struct OpensslVerifyParam;

using OpensslPasswordCallback = int (*)(char* buffer, int size, int for_writing, void* user_data);

// Every function that is called: name, what it answers, what it takes.
// clang-format off
#define DUETIME_OPENSSL_FUNCTIONS(F)                                                        \
  F(OPENSSL_init_ssl, int, (uint64_t options, const void* settings))                        \
  F(ERR_clear_error, void, ())                                                              \
  F(ERR_get_error, unsigned long, ())                                                       \
  F(ERR_reason_error_string, const char*, (unsigned long error))                            \
  F(TLS_client_method, const OpensslMethod*, ())                                            \
  F(SSL_CTX_new, OpensslContext*, (const OpensslMethod*))                                   \
  F(SSL_CTX_free, void, (OpensslContext*))                                                  \
  F(SSL_CTX_ctrl, long, (OpensslContext*, int command, long number, void* pointer))         \
  F(SSL_CTX_set_options, uint64_t, (OpensslContext*, uint64_t options))                     \
  F(SSL_CTX_set_verify, void, (OpensslContext*, int mode, void* callback))                  \
  F(SSL_CTX_set_default_verify_paths, int, (OpensslContext*))                               \
  F(SSL_CTX_load_verify_locations, int, (OpensslContext*, const char* file, const char*))   \
  F(SSL_CTX_use_certificate_chain_file, int, (OpensslContext*, const char* file))           \
  F(SSL_CTX_use_PrivateKey_file, int, (OpensslContext*, const char* file, int type))        \
  F(SSL_CTX_check_private_key, int, (const OpensslContext*))                                \
  F(SSL_CTX_set_default_passwd_cb, void, (OpensslContext*, OpensslPasswordCallback))        \
  F(SSL_new, OpensslSession*, (OpensslContext*))                                            \
  F(SSL_free, void, (OpensslSession*))                                                      \
  F(SSL_ctrl, long, (OpensslSession*, int command, long number, void* pointer))             \
  F(SSL_get0_param, OpensslVerifyParam*, (OpensslSession*))                                 \
  F(SSL_set1_host, int, (OpensslSession*, const char* name))                                \
  F(SSL_set_hostflags, void, (OpensslSession*, unsigned flags))                             \
  F(X509_VERIFY_PARAM_set1_ip_asc, int, (OpensslVerifyParam*, const char* address))         \
  F(SSL_set_bio, void, (OpensslSession*, OpensslBio* from_peer, OpensslBio* to_peer))       \
  F(SSL_connect, int, (OpensslSession*))                                                    \
  F(SSL_read, int, (OpensslSession*, void* buffer, int size))                               \
  F(SSL_peek, int, (OpensslSession*, void* buffer, int size))                               \
  F(SSL_write, int, (OpensslSession*, const void* bytes, int size))                         \
  F(SSL_get_error, int, (const OpensslSession*, int result))                                \
  F(SSL_get_verify_result, long, (const OpensslSession*))                                   \
  F(X509_verify_cert_error_string, const char*, (long result))                              \
  F(BIO_s_mem, const OpensslBioMethod*, ())                                                 \
  F(BIO_new, OpensslBio*, (const OpensslBioMethod*))                                        \
  F(BIO_free, int, (OpensslBio*))                                                           \
  F(BIO_read, int, (OpensslBio*, void* buffer, int size))                                   \
  F(BIO_write, int, (OpensslBio*, const void* bytes, int size))
// clang-format on

struct OpensslLibrary {
#define DUETIME_OPENSSL_MEMBER(name, result, arguments) result(*name) arguments = nullptr;
  DUETIME_OPENSSL_FUNCTIONS(DUETIME_OPENSSL_MEMBER)
#undef DUETIME_OPENSSL_MEMBER

  std::string source;  // where it was found, for people
};

// Looks for the file `override_path` if it is not null and not empty, else for libssl.so.3, then
// libssl.so.1.1. Throws kStoreUnavailable naming the package to install, or what is wrong with the library
// found.
OpensslLibrary load_openssl_library(const char* override_path);

// The same, once for the process and made ready for use, with the environment's DUETIME_OPENSSL_LIBRARY as
// the override.
const OpensslLibrary& openssl_library();

// To be held in calls that may take locks of OpenSSL's own. fork() waits for it, so that a child finds none
// of them taken by a thread that it does not have.
std::mutex& openssl_mutex();

}  // namespace duetime
