// Redis over TLS: the contract, whom the store talks to and whom it does not, and what a connection does that
// is not one of a plain socket.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "core/jobstores/openssl_library.h"
#include "core/jobstores/registry.h"
#include "core/time/file_descriptor.h"
#include "tests/core/jobstores/redis_test_support.h"
#include "tests/support/certificates.h"
#include "tests/support/child_process.h"

namespace duetime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

sockaddr_in any_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Accepts connections, as far as the kernel does, and says nothing.
class SilentServer {
 public:
  SilentServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket") {
    sockaddr_in address = any_port();
    socklen_t size = sizeof address;
    bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size);
    listen(fd_.get(), 16);
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

 private:
  FileDescriptor fd_;
  int port_ = 0;
};

int free_port() { return SilentServer().port(); }

// Redis at a port of localhost besides its Unix socket.
struct TcpRedisServer {
  explicit TcpRedisServer(const std::function<std::vector<std::string>(const std::string& port)>& options) {
    for (int tries = 10; !server; --tries) {
      port = free_port();  // which somebody else may take meanwhile
      try {
        server = std::make_unique<RedisServer>(options(std::to_string(port)));
      } catch (const std::runtime_error&) {
        if (tries == 1) throw;
      }
    }
  }

  RedisStoreOptions store_options() const {
    RedisStoreOptions options = server->store_options();
    use(options);
    options.connect_timeout = std::chrono::seconds(60);
    return options;
  }

  void use(RedisStoreOptions& options) const {
    options.unix_socket.clear();
    options.host = "localhost";
    options.port = port;
    options.tls = RedisTlsOptions{.ca = certificate_file("ca")};
  }

  int port = 0;
  std::unique_ptr<RedisServer> server;
};

TcpRedisServer tls_server(const std::string& certificate, const std::string& asks_clients = "no") {
  return TcpRedisServer([&](const std::string& port) -> std::vector<std::string> {
    return {"--tls-port",         port,
            "--tls-cert-file",    certificate_file(certificate),
            "--tls-key-file",     key_file(certificate),
            "--tls-ca-cert-file", certificate_file("ca"),
            "--tls-auth-clients", asks_clients};
  });
}

TcpRedisServer plain_server() {
  return TcpRedisServer([](const std::string& port) { return std::vector<std::string>{"--port", port}; });
}

JobStorePtr open(const RedisStoreOptions& options) {
  JobStorePtr store = make_redis_job_store(options);
  store->open();
  return store;
}

// Why the store cannot be opened.
std::string refusal(const RedisStoreOptions& options) {
  EXPECT_EQ(error_of([&] { open(options); }), ErrorCode::kStoreUnavailable);
  return text_of_error([&] { open(options); });
}

bool is_readable(int fd, int milliseconds) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, milliseconds) == 1;
}

void add(JobStore& store, const std::string& id) {
  const NewJob job = scheduled(minutely_job(id), 1);
  store.add(std::span(&job, 1), OnConflict::kFail);
}

const TcpRedisServer& shared_tls_server() {
  static const TcpRedisServer server = tls_server("server");
  return server;
}

JobStoreQuirks redis_tls_quirks() {
  return redis_quirks(
      "redis_tls", []() -> RedisServer& { return *shared_tls_server().server; },
      [](RedisStoreOptions& options) { shared_tls_server().use(options); });
}

TEST(RedisTls, AServerOfATrustedAuthorityIsSpokenTo) {
  const TcpRedisServer server = tls_server("server");
  const JobStorePtr store = open(server.store_options());
  add(*store, "job");
  EXPECT_EQ(store->count(), 1u);
  EXPECT_THAT(store->description(), HasSubstr("rediss://localhost:"));
  RedisStoreOptions by_address = server.store_options();
  by_address.host = "127.0.0.1";
  EXPECT_EQ(open(by_address)->count(), 1u);
}

TEST(RedisTls, AnotherAuthorityIsRefused) {
  const TcpRedisServer server = tls_server("server");
  RedisStoreOptions options = server.store_options();
  options.tls->ca = certificate_file("other-ca");
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("cannot connect to Redis at localhost:"),
                                      HasSubstr("certificate verify failed: self-signed certificate")));
  options.tls->ca.clear();  // what the system trusts
  EXPECT_THAT(refusal(options), HasSubstr("certificate verify failed"));
}

TEST(RedisTls, AnotherHostsCertificateIsRefusedUnlessToldOtherwise) {
  const TcpRedisServer server = tls_server("stranger");
  RedisStoreOptions options = server.store_options();
  EXPECT_THAT(refusal(options), HasSubstr("ostname mismatch"));
  options.host = "127.0.0.1";
  EXPECT_THAT(refusal(options), HasSubstr("IP address mismatch"));
  options.tls->verify = RedisVerify::kAuthority;
  EXPECT_EQ(open(options)->count(), 0u);
  options.tls->ca = certificate_file("other-ca");
  EXPECT_THAT(refusal(options), HasSubstr("certificate verify failed"));
  options.tls->verify = RedisVerify::kNone;
  EXPECT_EQ(open(options)->count(), 0u);
}

TEST(RedisTls, AnExpiredCertificateIsRefused) {
  const TcpRedisServer server = tls_server("expired");
  EXPECT_THAT(refusal(server.store_options()), HasSubstr("certificate has expired"));
}

TEST(RedisTls, AServerMayAskForTheClientsCertificate) {
  const TcpRedisServer server = tls_server("server", "yes");
  RedisStoreOptions options = server.store_options();
  refusal(options);
  options.tls->cert = certificate_file("client");
  options.tls->key = key_file("client");
  EXPECT_EQ(open(options)->count(), 0u);
  options.tls->cert = certificate_file("other-ca");
  options.tls->key = key_file("other-ca");
  refusal(options);
}

TEST(RedisTls, FilesThatAreOfNoUseAreNamed) {
  const TcpRedisServer server = tls_server("server");
  RedisStoreOptions options = server.store_options();
  options.tls->ca = "/no/such/file";
  EXPECT_THAT(refusal(options), HasSubstr("ca '/no/such/file': No such file"));
  options.tls->ca = certificate_file("ca");
  options.tls->cert = key_file("client");
  EXPECT_THAT(refusal(options), HasSubstr("cert '" + key_file("client") + "': no start line"));
  options.tls->cert = certificate_file("client");
  EXPECT_THAT(refusal(options), HasSubstr("key '" + certificate_file("client") + "': "));
  options.tls->key = key_file("server");
  EXPECT_THAT(refusal(options), HasSubstr("key values mismatch"));
  options.tls->cert = certificate_file("sealed");  // nobody is asked at the terminal
  options.tls->key = key_file("sealed");
  EXPECT_THAT(refusal(options), HasSubstr("key '" + key_file("sealed") + "'"));
}

TEST(RedisTls, APortThatSpeaksOtherwiseIsAnError) {
  const TcpRedisServer plain = plain_server();
  RedisStoreOptions options = plain.store_options();
  options.connect_timeout = std::chrono::seconds(2);  // it may wait for the end of what is no command to it
  EXPECT_THAT(refusal(options), HasSubstr("TLS: "));
  const TcpRedisServer tls = tls_server("server");
  options = tls.store_options();
  options.tls.reset();
  EXPECT_NE(text_of_error([&] { open(options); }), "no error");
}

TEST(RedisTls, AServerThatHangsInTheHandshakeIsLeftAtTheDeadline) {
  const SilentServer server;
  RedisStoreOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.tls.emplace();
  options.connect_timeout = std::chrono::milliseconds(50);
  EXPECT_THAT(refusal(options), HasSubstr("TLS: no answer before the deadline"));
}

// A server that has the right certificate for those only who say whom they want.
TEST(RedisTls, TheServerIsToldWhomWeWant) {
  const int port = free_port();
  const std::string accept = "127.0.0.1:" + std::to_string(port);
  const pid_t child = start_child([&] {
    execlp("openssl", "openssl", "s_server", "-quiet", "-accept", accept.c_str(), "-servername", "localhost",
           "-cert", certificate_file("stranger").c_str(), "-key", key_file("stranger").c_str(), "-cert2",
           certificate_file("server").c_str(), "-key2", key_file("server").c_str(), nullptr);
    return false;
  });
  RedisStoreOptions options;
  options.host = "localhost";
  options.port = port;
  options.tls = RedisTlsOptions{.ca = certificate_file("ca")};
  options.connect_timeout = std::chrono::seconds(60);
  options.command_timeout = std::chrono::milliseconds(20);
  std::string answer;
  do {
    answer = text_of_error([&] { open(options); });
  } while (answer.find("refused") != std::string::npos && waitpid(child, nullptr, WNOHANG) == 0);
  EXPECT_THAT(answer, HasSubstr("cannot log in"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// What TLS 1.3 sends after its handshake makes the descriptor readable and is nothing to read.
TEST(RedisTls, AConnectionIsUsedAgain) {
  const TcpRedisServer server = tls_server("server");
  const JobStorePtr store = open(server.store_options());
  const auto connections = [&] {
    const std::string info = server.server->command({"INFO", "stats"});
    return std::stoi(info.substr(info.find("total_connections_received:") + 27));
  };
  const int before = connections();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(store->count(), 0u);
  EXPECT_EQ(connections(), before + 1);  // the one that asks
}

TEST(RedisTls, LargeCommandsAndRepliesPass) {
  const TcpRedisServer server = tls_server("server");
  RedisConnection connection(server.store_options());
  const std::string text(5'000'000, 'x');
  EXPECT_FALSE(connection.call({"SET", "large", text}).value().is_error());
  EXPECT_EQ(connection.call({"GET", "large"}).value().text(), text);
}

// A message of many records, with others behind it in the last: the descriptor tells of the first, and all
// are read.
TEST(RedisTls, ChangesAreToldAndReadToTheEnd) {
  const TcpRedisServer server = tls_server("server");
  const JobStorePtr store = open(server.store_options());
  const JobStorePtr other = open(server.store_options());
  EXPECT_EQ(store->poll_interval(), Duration{0});
  store->drain_changes();
  EXPECT_FALSE(store->drain_changes());
  EXPECT_FALSE(is_readable(store->change_fd(), 0));
  add(*other, "job");
  EXPECT_TRUE(is_readable(store->change_fd(), 60'000));
  EXPECT_TRUE(store->drain_changes());
  server.server->command({"EVAL",
                          "redis.call('PUBLISH', KEYS[1], string.rep('x', 100000)) "
                          "for i = 1, 100 do redis.call('PUBLISH', KEYS[1], 'more') end",
                          "1", "{duetime}:changes"});
  EXPECT_TRUE(is_readable(store->change_fd(), 60'000));
  EXPECT_TRUE(store->drain_changes());
  EXPECT_FALSE(store->drain_changes());
  EXPECT_FALSE(is_readable(store->change_fd(), 0));
}

TEST(RedisTls, AForkedChildStartsAnew) {
  const TcpRedisServer server = tls_server("server");
  const JobStorePtr store = open(server.store_options());
  EXPECT_TRUE(in_child([&] {
    store->abandon_after_fork();
    store->open();
    add(*store, "by-child");
    return store->count() == 1;
  }));
  add(*store, "by-parent");
  EXPECT_EQ(store->count(), 2u);
}

TEST(RedisTls, WithoutTheLibraryThereIsAnErrorThatNamesIt) {
  const std::string text = text_of_error([] { load_openssl_library("/no/such/libssl.so"); });
  EXPECT_THAT(text, AllOf(HasSubstr("DUETIME_OPENSSL_LIBRARY"), HasSubstr("/no/such/libssl.so")));
  EXPECT_THAT(text_of_error([] { load_openssl_library("libc.so.6"); }),
              HasSubstr("has no function OPENSSL_init_ssl"));
}

TEST(RedisTls, UrlsAndConfiguration) {
  EXPECT_EQ(redis_configuration_from_tls_url("//u:p@h:7/1?ca=/ca.crt&verify=ca"), (Json{{"type", "redis"},
                                                                                        {"username", "u"},
                                                                                        {"password", "p"},
                                                                                        {"host", "h"},
                                                                                        {"port", 7},
                                                                                        {"db", 1},
                                                                                        {"ca", "/ca.crt"},
                                                                                        {"verify", "ca"},
                                                                                        {"tls", true}}));
  EXPECT_THAT(make_job_store_from_url("rediss://u:s3cret@h")->description(),
              AllOf(HasSubstr("rediss://h:6379"), Not(HasSubstr("s3cret"))));
  struct Row {
    Json configuration;
    const char* words;
  };
  for (const Row& row : std::initializer_list<Row>{
           {{{"tls", true}, {"verify", "some"}}, "verify 'some': expected 'full', 'ca'"},
           {{{"tls", true}, {"verify", false}}, "verify"},
           {{{"ca", "/ca.crt"}}, "ca '/ca.crt': expected 'tls' to be true"},
           {{{"tls", false}, {"verify", "full"}}, "verify 'full': expected 'tls' to be true"},
           {{{"tls", "yes"}}, "tls 'yes'"},
           {{{"tls", true}, {"key", "/k"}}, "a key without its cert"},
           {{{"tls", true}, {"unix_socket", "/s"}}, "tls over a unix_socket"}}) {
    Json configuration = row.configuration;
    configuration["type"] = "redis";
    EXPECT_EQ(error_of([&] { make_job_store(configuration); }), ErrorCode::kInvalidArgument);
    EXPECT_THAT(text_of_error([&] { make_job_store(configuration); }), HasSubstr(row.words));
  }
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(RedisTls, JobStoreContract, testing::Values(redis_tls_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(RedisTls, JobStoreLeaseContract, testing::Values(redis_tls_quirks()), store_name);

}  // namespace duetime
