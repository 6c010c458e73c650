#include "tests/support/distant_storage.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "core/base/error.h"

namespace duetime {
namespace {

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::kInternal, std::string(what) + ": " + strerror(errno));
}

}  // namespace

DistantStorage::DistantStorage(const std::string& address, const std::string& name)
    : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  address.copy(at.sun_path, sizeof at.sun_path - 1);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("connect");
  call({{"call", "choose"}, {"with", name}});
  const std::size_t most = call({{"call", "max_operations"}});
  if (most != 0) max_operations_ = most;
}

DistantStorage::~DistantStorage() { ::close(socket_); }

void DistantStorage::set_document(const std::string& id, const std::string& digits) {
  call({{"call", "set_document"}, {"with", Json::array({id, digits})}});
}

std::string DistantStorage::document(const std::string& id) {
  return call({{"call", "document"}, {"with", id}});
}

Json DistantStorage::call(const Json& request) {
  const std::lock_guard lock(mutex_);
  const std::string sent = request.dump() + "\n";
  for (std::size_t done = 0; done < sent.size();) {
    const ssize_t part = send(socket_, sent.data() + done, sent.size() - done, MSG_NOSIGNAL);
    if (part < 0) fail("send");
    done += static_cast<std::size_t>(part);
  }
  const Json answer = Json::parse(line());
  if (!answer.contains("error")) return answer.at("answer");
  throw Error(static_cast<ErrorCode>(answer.at("code").get<int>()), answer.at("error").get<std::string>());
}

std::string DistantStorage::line() {
  std::size_t end = 0;
  while ((end = received_.find('\n')) == std::string::npos) {
    char buffer[65'536];
    const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
    if (size <= 0) fail("recv");
    received_.append(buffer, static_cast<std::size_t>(size));
  }
  std::string first = received_.substr(0, end);
  received_.erase(0, end + 1);
  return first;
}

}  // namespace duetime
