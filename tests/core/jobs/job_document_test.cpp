#include "core/jobs/job_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/jobs.h"

namespace duetime {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

Job full_job() {
  Job job = every(minutes(5), at("10:00:00"), "nightly \xF0\x9F\x8C\x99 report");
  job.name = "Nightly";
  job.task = "reports.jobs:build";
  job.payload = {"pickle", std::string("\x80\x04\x00\xFF", 4), nullptr};
  job.executor = "pool";
  job.coalesce = false;
  job.misfire_grace = std::nullopt;
  job.max_instances = 7;
  job.recover = true;
  job.tags = {"reports", "night"};
  return job;
}

Json minimal() {
  return {{"version", 1},
          {"id", "a"},
          {"task", "t"},
          {"trigger", {{"type", "interval"}, {"interval_us", 1000000}}}};
}

std::pair<ErrorCode, std::string> refusal_of(const Json& document) {
  try {
    job_from_document(document);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode{0}, "accepted"};
}

TEST(JobDocument, ComesBackAsItWas) {
  const Job job = full_job();
  const JobPtr back = job_from_text(job_to_text(job));
  EXPECT_EQ(back->id, job.id);
  EXPECT_EQ(back->name, job.name);
  EXPECT_EQ(back->task, job.task);
  EXPECT_EQ(back->payload.encoding, job.payload.encoding);
  EXPECT_EQ(back->payload.data, job.payload.data);
  EXPECT_EQ(back->executor, job.executor);
  EXPECT_EQ(back->coalesce, job.coalesce);
  EXPECT_EQ(back->misfire_grace, job.misfire_grace);
  EXPECT_EQ(back->max_instances, job.max_instances);
  EXPECT_EQ(back->recover, job.recover);
  EXPECT_EQ(back->tags, job.tags);
  EXPECT_EQ(back->trigger->document(), job.trigger->document());
}

TEST(JobDocument, FillsInWhatIsAbsent) {
  const Job job = job_from_document(minimal());
  EXPECT_EQ(job.display_name(), "t");
  EXPECT_EQ(job.payload.encoding, "none");
  EXPECT_EQ(job.executor, "default");
  EXPECT_TRUE(job.coalesce);
  EXPECT_EQ(job.misfire_grace, std::chrono::seconds(1));
  EXPECT_EQ(job.max_instances, 1);
}

TEST(JobDocument, JsonPayloadsStayReadable) {
  Job job = full_job();
  job.payload = {"json", R"({"args":["ü"]})", nullptr};
  const Json document = job_to_document(job);
  EXPECT_EQ(document["payload"]["data"], R"({"args":["ü"]})");
  EXPECT_EQ(job_from_document(document).payload.data, job.payload.data);
}

TEST(JobDocument, KeepsMembersItDoesNotKnow) {
  Json document = minimal();
  document["priority"] = {{"level", 3}};
  EXPECT_EQ(job_to_document(job_from_document(document))["priority"], document["priority"]);
}

TEST(JobDocument, LeavesNewerDocumentsAlone) {
  Json newer = minimal();
  newer["version"] = 2;
  EXPECT_EQ(refusal_of(newer).first, ErrorCode::kNewerVersion);
  Json needs_more = minimal();
  needs_more["requires"] = {"timeout"};
  EXPECT_EQ(refusal_of(needs_more).first, ErrorCode::kNewerVersion);
  EXPECT_THAT(refusal_of(needs_more).second, HasSubstr("'timeout'"));
}

TEST(JobDocument, RefusesLivePayloads) {
  Job job = full_job();
  job.payload = {"none", "", std::make_shared<int>(1)};
  EXPECT_THROW(job_to_document(job), Error);
}

struct Refusal {
  const char* member;
  Json value;
  const char* message;
};

class JobDocumentRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(JobDocumentRefusal, NamesMemberAndValue) {
  Json document = minimal();
  document[GetParam().member] = GetParam().value;
  const auto [code, message] = refusal_of(document);
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  EXPECT_EQ(code == ErrorCode::kInvalidArgument || code == ErrorCode::kNotFound, true) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, JobDocumentRefusal,
    testing::Values(Refusal{"id", "", "id: empty"}, Refusal{"id", std::string(192, 'x'), "192 bytes"},
                    Refusal{"id", 7, "id 7: expected text"},
                    Refusal{"id", std::string("a\0b", 3), "contains NUL"}, Refusal{"task", "", "task: empty"},
                    Refusal{"task", nullptr, "task null"}, Refusal{"version", 0, "version 0"},
                    Refusal{"version", "1", "version '1'"}, Refusal{"max_instances", 0, "max_instances 0"},
                    Refusal{"max_instances", 2147483648, "max_instances 2147483648"},
                    Refusal{"misfire_grace_us", 0, "misfire_grace_us 0"},
                    Refusal{"misfire_grace_us", 1.5, "misfire_grace_us 1.5"},
                    Refusal{"misfire_grace_us", 18446744073709551615ull,
                            "misfire_grace_us 18446744073709551615"},
                    Refusal{"coalesce", 1, "coalesce 1: expected true or false"},
                    Refusal{"tags", {"a", "a"}, "given twice"}, Refusal{"tags", "a", "tags 'a'"},
                    Refusal{"payload", {{"encoding", "PICKLE"}, {"data", ""}}, "'PICKLE'"},
                    Refusal{"payload", {{"encoding", "pickle"}, {"data", "a b="}}, "base64"},
                    Refusal{"payload", {{"encoding", "none"}, {"size", 1}}, "unknown member 'size'"},
                    Refusal{"trigger", "daily", "trigger 'daily': expected an object"},
                    Refusal{"trigger", {{"type", "corn"}}, "corn"}));

TEST(JobDocument, RefusesTextThatIsNoDocument) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[1]"), std::string(100'000, '['),
        std::string("{\"version\":1,"), std::string("\xFF\xFE")}) {
    EXPECT_THROW(job_from_text(text), Error) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace duetime
