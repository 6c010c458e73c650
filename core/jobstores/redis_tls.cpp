#include "core/jobstores/redis_tls.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

// Of OpenSSL's headers.
constexpr int kErrorWantRead = 2;
constexpr int kErrorZeroReturn = 6;
constexpr int kVerifyNone = 0;
constexpr int kVerifyPeer = 1;
constexpr int kFileTypePem = 1;
constexpr int kCtrlSetHostName = 55;
constexpr int kCtrlSetMinProtoVersion = 123;
constexpr unsigned long kSystemError = 0x80000000;
constexpr long kTls12 = 0x0303;
constexpr uint64_t kNoRenegotiation = uint64_t{1} << 30;
constexpr unsigned kNoPartialWildcards = 4;

constexpr std::size_t kMostAtOnce = std::size_t{256} * 1024;

// Why the last call failed. Leaves the thread's list of errors empty: the program may use OpenSSL too.
std::string reason(const OpensslLibrary& ssl) {
  const unsigned long error = ssl.ERR_get_error();
  const char* const text = ssl.ERR_reason_error_string(error);
  ssl.ERR_clear_error();
  if (text) return text;
  const bool of_system = (error & kSystemError) != 0;
  return of_system ? std::generic_category().message(static_cast<int>(error & ~kSystemError))
                   : "unknown error";
}

// OpenSSL would ask for the password of a key at the terminal.
int no_password(char*, int, int, void*) { return 0; }

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

[[noreturn]] void refuse_file(const char* option, const std::string& file, const std::string& why) {
  throw Error(ErrorCode::kStoreUnavailable, std::string(option) + " " + in_quotes(file) + ": " + why);
}

}  // namespace

RedisTls::RedisTls(const RedisStoreOptions& options, std::unique_ptr<RedisTransport> socket,
                   RedisDeadline deadline)
    : ssl_(openssl_library()), socket_(std::move(socket)) {
  try {
    make_session(options);
    shake_hands(deadline);
  } catch (const Error& error) {
    fail_to_connect(options, std::string("TLS: ") + error.what());
  }
}

void RedisTls::make_session(const RedisStoreOptions& options) {
  const std::lock_guard lock(openssl_mutex());
  ssl_.ERR_clear_error();
  context_.reset(ssl_.SSL_CTX_new(ssl_.TLS_client_method()));
  if (!context_) throw std::bad_alloc();
  use_files(*options.tls);
  session_.reset(ssl_.SSL_new(context_.get()));
  if (!session_) throw std::bad_alloc();
  expect_host(options.host, options.tls->verify);
  attach_buffers();
}

void RedisTls::use_files(const RedisTlsOptions& options) {
  OpensslContext* const context = context_.get();
  ssl_.SSL_CTX_ctrl(context, kCtrlSetMinProtoVersion, kTls12, nullptr);
  ssl_.SSL_CTX_set_options(context, kNoRenegotiation);
  ssl_.SSL_CTX_set_verify(context, options.verify == RedisVerify::kNone ? kVerifyNone : kVerifyPeer, nullptr);
  ssl_.SSL_CTX_set_default_passwd_cb(context, no_password);
  if (options.ca.empty()) {
    ssl_.SSL_CTX_set_default_verify_paths(context);
  } else if (ssl_.SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr) != 1) {
    refuse_file("ca", options.ca, reason(ssl_));
  }
  if (options.cert.empty()) return;
  if (ssl_.SSL_CTX_use_certificate_chain_file(context, options.cert.c_str()) != 1) {
    refuse_file("cert", options.cert, reason(ssl_));
  }
  const std::string& key = options.key.empty() ? options.cert : options.key;
  if (ssl_.SSL_CTX_use_PrivateKey_file(context, key.c_str(), kFileTypePem) != 1 ||
      ssl_.SSL_CTX_check_private_key(context) != 1) {
    refuse_file("key", key, reason(ssl_));
  }
}

// The name goes to the server too, which may have certificates for several; addresses are no names.
void RedisTls::expect_host(const std::string& host, RedisVerify verify) {
  OpensslSession* const session = session_.get();
  const bool address = is_address(host);
  if (!address) ssl_.SSL_ctrl(session, kCtrlSetHostName, 0, const_cast<char*>(host.c_str()));
  if (verify != RedisVerify::kFull) return;
  ssl_.SSL_set_hostflags(session, kNoPartialWildcards);
  const int accepted = address
                           ? ssl_.X509_VERIFY_PARAM_set1_ip_asc(ssl_.SSL_get0_param(session), host.c_str())
                           : ssl_.SSL_set1_host(session, host.c_str());
  if (accepted != 1)
    throw Error(ErrorCode::kStoreUnavailable, "no certificate can be for " + in_quotes(host));
}

void RedisTls::attach_buffers() {
  from_server_ = ssl_.BIO_new(ssl_.BIO_s_mem());
  to_server_ = ssl_.BIO_new(ssl_.BIO_s_mem());
  if (!from_server_ || !to_server_) {
    ssl_.BIO_free(from_server_);
    ssl_.BIO_free(to_server_);
    throw std::bad_alloc();
  }
  ssl_.SSL_set_bio(session_.get(), from_server_, to_server_);
}

void RedisTls::shake_hands(RedisDeadline deadline) {
  for (;;) {
    const bool done = went_through([&] { return ssl_.SSL_connect(session_.get()); });
    send_records(deadline);
    if (done) return;
    receive_records(deadline);
  }
}

template <typename Call>
bool RedisTls::went_through(Call call) {
  const std::lock_guard lock(openssl_mutex());
  ssl_.ERR_clear_error();
  const int result = call();
  if (result > 0) return true;
  const int error = ssl_.SSL_get_error(session_.get(), result);
  if (error == kErrorWantRead) return false;
  throw Error(ErrorCode::kTimeout, failure(error));
}

std::string RedisTls::failure(int error) const {
  if (error == kErrorZeroReturn) return "the server closed the connection";
  const long verdict = ssl_.SSL_get_verify_result(session_.get());
  const std::string why = reason(ssl_);
  return verdict == 0 ? why : why + ": " + ssl_.X509_verify_cert_error_string(verdict);
}

void RedisTls::write(std::string_view bytes, RedisDeadline deadline) {
  while (!bytes.empty()) {
    const int part = static_cast<int>(std::min(bytes.size(), kMostAtOnce));
    while (!went_through([&] { return ssl_.SSL_write(session_.get(), bytes.data(), part); })) {
      send_records(deadline);
      receive_records(deadline);
    }
    send_records(deadline);
    bytes.remove_prefix(static_cast<std::size_t>(part));
  }
}

std::size_t RedisTls::read(char* buffer, std::size_t size, RedisDeadline deadline) {
  const int wanted = static_cast<int>(std::min(size, kMostAtOnce));
  for (;;) {
    int got = 0;
    const bool done = went_through([&] { return got = ssl_.SSL_read(session_.get(), buffer, wanted); });
    send_records(deadline);
    if (done) return static_cast<std::size_t>(got);
    receive_records(deadline);
  }
}

bool RedisTls::readable() {
  try {
    for (;;) {
      char byte = 0;
      if (went_through([&] { return ssl_.SSL_peek(session_.get(), &byte, 1); })) return true;
      if (!socket_->readable()) return false;
      receive_records(std::chrono::steady_clock::now());
    }
  } catch (const Error&) {
    return true;  // the connection has ended
  }
}

void RedisTls::send_records(RedisDeadline deadline) {
  std::array<char, std::size_t{16} * 1024> buffer;
  for (;;) {
    const int got = ssl_.BIO_read(to_server_, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) return;
    socket_->write({buffer.data(), static_cast<std::size_t>(got)}, deadline);
  }
}

void RedisTls::receive_records(RedisDeadline deadline) {
  std::array<char, std::size_t{16} * 1024> buffer;
  const std::size_t got = socket_->read(buffer.data(), buffer.size(), deadline);
  if (ssl_.BIO_write(from_server_, buffer.data(), static_cast<int>(got)) != static_cast<int>(got)) {
    throw std::bad_alloc();
  }
}

}  // namespace duetime
