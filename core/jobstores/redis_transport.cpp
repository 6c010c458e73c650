#include "core/jobstores/redis_transport.h"

#include "core/base/error.h"
#include "core/jobstores/redis_socket.h"
#include "core/jobstores/redis_tls.h"

namespace duetime {

std::unique_ptr<RedisTransport> connect_to_redis(const RedisStoreOptions& options) {
  const RedisDeadline deadline = redis_deadline(options.connect_timeout);
  auto socket = std::make_unique<RedisSocket>(options, deadline);
  if (!options.tls) return socket;
  return std::make_unique<RedisTls>(options, std::move(socket), deadline);
}

std::string redis_address(const RedisStoreOptions& options) {
  return options.unix_socket.empty() ? options.host + ":" + std::to_string(options.port)
                                     : options.unix_socket;
}

void fail_to_connect(const RedisStoreOptions& options, const std::string& why) {
  throw Error(ErrorCode::kStoreUnavailable,
              "cannot connect to Redis at " + redis_address(options) + ": " + why);
}

}  // namespace duetime
