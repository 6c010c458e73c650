// TLS over a socket. OpenSSL turns bytes into records and back in memory; what goes over the network goes
// through the socket, with its deadlines and without SIGPIPE.
//
// Taking leave is silent, also in a forked child: a reply of Redis says itself where it ends.
#pragma once

#include <memory>
#include <string>

#include "core/jobstores/openssl_library.h"
#include "core/jobstores/redis_transport.h"

namespace duetime {

class RedisTls final : public RedisTransport {
 public:
  // Does the handshake and checks the server's certificate. Throws kStoreUnavailable.
  // Requires: options.tls.
  RedisTls(const RedisStoreOptions& options, std::unique_ptr<RedisTransport> socket, RedisDeadline deadline);

  int fd() const override { return socket_->fd(); }
  void write(std::string_view bytes, RedisDeadline deadline) override;
  std::size_t read(char* buffer, std::size_t size, RedisDeadline deadline) override;

  // Records that carry nothing for us, such as the tickets that follow a handshake, make the descriptor
  // readable; and the one that made it readable may have carried more than was asked for.
  bool readable() override;

 private:
  struct ContextDeleter {
    void operator()(OpensslContext* context) const { openssl_library().SSL_CTX_free(context); }
  };
  struct SessionDeleter {
    void operator()(OpensslSession* session) const { openssl_library().SSL_free(session); }
  };

  void make_session(const RedisStoreOptions& options);
  void use_files(const RedisTlsOptions& options);
  void expect_host(const std::string& host, RedisVerify verify);
  void attach_buffers();
  void shake_hands(RedisDeadline deadline);

  // Calls OpenSSL, which works in memory and never waits. False: there must be more from the server first.
  template <typename Call>
  bool went_through(Call call);
  std::string failure(int error) const;

  void send_records(RedisDeadline deadline);
  void receive_records(RedisDeadline deadline);

  const OpensslLibrary& ssl_;
  const std::unique_ptr<RedisTransport> socket_;
  std::unique_ptr<OpensslContext, ContextDeleter> context_;
  std::unique_ptr<OpensslSession, SessionDeleter> session_;
  OpensslBio* from_server_ = nullptr;  // the session's
  OpensslBio* to_server_ = nullptr;
};

}  // namespace duetime
