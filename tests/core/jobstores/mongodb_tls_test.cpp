// MongoDB over TLS, and what becomes of passwords: both are the driver's doing, by what the URI says.
#include "tests/core/jobstores/mongodb_test_support.h"
#include "tests/support/certificates.h"

namespace duetime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MongoTls : public testing::Test {
 protected:
  void SetUp() override {
    if (!MongoServer::is_to_be_had()) GTEST_SKIP() << "there is no MongoDB server to be had here";
  }

  static MongoStoreOptions options(const std::string& server, const std::string& rest) {
    MongoStoreOptions options;
    options.uri = "mongodb://" + server + "/tests?serverSelectionTimeoutMS=2000&" + rest;
    return options;
  }

  static std::string trusting(const std::string& authority) {
    return "tls=true&tlsCAFile=" + certificate_file(authority);
  }

  // Why the store cannot be opened.
  static std::string refusal(const MongoStoreOptions& options) {
    try {
      open_mongo_store(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kStoreUnavailable);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(MongoTls, AServerOfATrustedAuthorityIsSpokenTo) {
  const MongoServer server("", "server");
  const JobStorePtr store = open_mongo_store(options(server.address(), trusting("ca")));
  const NewJob job = scheduled(minutely_job("job"), 1);
  store->add(std::span(&job, 1), OnConflict::kFail);
  EXPECT_EQ(store->count(), 1u);
}

TEST_F(MongoTls, AnotherAuthorityAndServersWithoutTlsAreRefused) {
  const MongoServer server("", "server");
  EXPECT_THAT(refusal(options(server.address(), trusting("other-ca"))),
              HasSubstr("certificate verify failed"));
  EXPECT_THAT(refusal(options(server.address(), "tls=false")), HasSubstr("MongoDB: "));
  const std::string plain = MongoServer::shared().address();
  EXPECT_THAT(refusal(options(plain, trusting("ca"))), HasSubstr("No suitable servers found"));
}

TEST_F(MongoTls, AnotherHostsCertificateIsRefused) {
  const MongoServer server("", "stranger");
  EXPECT_NE(refusal(options(server.address(), trusting("ca"))), "no error");
}

// The servers of the tests know no users, so every login fails; what is said of it has no secret.
TEST_F(MongoTls, PasswordsAreInNoMessage) {
  const std::string server = MongoServer::shared().address();
  for (const std::string& each : {server, std::string("127.0.0.1:1")}) {
    const MongoStoreOptions with_password = options("user:s3cret@" + each, "");
    EXPECT_THAT(refusal(with_password), AllOf(HasSubstr("MongoDB: "), Not(HasSubstr("s3cret"))));
    EXPECT_THAT(make_mongodb_job_store(with_password)->description(), Not(HasSubstr("s3cret")));
  }
  MongoStoreOptions wrong;
  wrong.uri = "mongodb://user:s3cret%@host/?tls=maybe";
  EXPECT_EQ(error_of([&] { open_mongo_store(wrong); }), ErrorCode::kInvalidArgument);
  try {
    open_mongo_store(wrong);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace duetime
