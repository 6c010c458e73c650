// Stands between a store and its Redis server: cuts connections in the middle of what they carry, lets
// answers through byte by byte, or not at all.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace duetime {

class RedisProxy {
 public:
  explicit RedisProxy(std::string server_socket);
  ~RedisProxy();
  RedisProxy(const RedisProxy&) = delete;
  RedisProxy& operator=(const RedisProxy&) = delete;

  std::string socket() const { return directory_.file("proxy.sock"); }

  // After that many more bytes to the server, or from it, the connection that carries them is closed at both
  // ends; others are let through.
  void cut_after_sending(int64_t bytes) { to_server_left_ = bytes; }
  void cut_after_receiving(int64_t bytes) { from_server_left_ = bytes; }

  // What the server answers is lost.
  void drop_replies(bool on) { drop_ = on; }

  // Each byte of an answer comes alone, some after a pause.
  void drip(bool on) { drip_ = on; }

 private:
  static constexpr int64_t kNever = INT64_MAX;

  struct Pair {
    int client = -1;
    int server = -1;
  };

  void run();
  void accept_one(std::vector<Pair>& pairs) const;
  static bool relay(int from, int to, std::atomic<int64_t>& left);
  bool answer(const Pair& pair);

  const std::string server_socket_;
  TemporaryDirectory directory_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> to_server_left_{kNever};
  std::atomic<int64_t> from_server_left_{kNever};
  std::atomic<bool> drop_{false};
  std::atomic<bool> drip_{false};
  std::thread thread_;
};

}  // namespace duetime
