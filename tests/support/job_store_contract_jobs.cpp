// Contract: adding, changing, finding and removing jobs.
#include "core/base/text.h"
#include "core/jobs/job_document.h"
#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> odd_ids() {
  return {"'; DROP TABLE duetime_jobs; --",
          "\"quoted\"",
          "a`b[c]",
          "\r\nFLUSHALL\r\n",
          "*1\r\n$4\r\nPING\r\n",
          "{$gt: ''}",
          "../../etc/passwd",
          "%s%n%",
          "\\",
          " ",
          "\t",
          "\x01\x7f",
          "Grüße aus Zürich",
          "日本語の仕事",
          "\u202Eright to left",
          "👩‍👩‍👧‍👦",
          "e\u0301",  // and the next: equal to people, different to a store
          "\u00E9",
          "A",
          "a",
          std::string(191, 'x'),
          std::string(189, 'x') + "é"};
}

TEST_P(JobStoreContract, GivesBackWhatWasAdded) {
  Job job = minutely_job("report");
  job.name = "Nightly report";
  job.executor = "threads";
  job.coalesce = false;
  job.misfire_grace = std::nullopt;
  job.max_instances = 7;
  job.recover = true;
  job.tags = {"reports", "night"};
  add(scheduled(job, 5));

  const std::optional<JobRecord> record = store().get("report");

  ASSERT_TRUE(record && record->job);
  EXPECT_EQ(job_to_text(*record->job), job_to_text(job));
  EXPECT_EQ(record->position.status, JobStatus::kScheduled);
  EXPECT_EQ(record->position.next_run_time, at(5));
  EXPECT_EQ(record->position.fire_time, at(5));
  EXPECT_EQ(store().count(), 1u);
}

TEST_P(JobStoreContract, KeepsTheFireTimeApartFromTheRunTime) {
  NewJob jittered = scheduled(minutely_job("jittered"), 60);
  jittered.position.next_run_time = at(63.000001);
  add(jittered);
  const JobPosition position = store().get("jittered")->position;
  EXPECT_EQ(position.next_run_time, at(63.000001));
  EXPECT_EQ(position.fire_time, at(60));
}

TEST_P(JobStoreContract, KeepsInstantsOfTheWholeRange) {
  for (const Instant instant : {kEarliestInstant, Instant{}, kLatestInstant}) {
    NewJob job = scheduled(minutely_job("edge"), 0);
    job.position.next_run_time = job.position.fire_time = instant;
    replace(job);
    EXPECT_EQ(store().get("edge")->position.next_run_time, instant);
    EXPECT_EQ(store().next_due({}), instant);
  }
}

TEST_P(JobStoreContract, KeepsOddIdsByteForByte) {
  const std::vector<std::string> ids = odd_ids();
  for (const std::string& id : ids) add(id, 1);
  for (const std::string& id : ids) {
    const std::optional<JobRecord> record = store().get(id);
    ASSERT_TRUE(record) << id;
    EXPECT_EQ(record->id, id);
    EXPECT_EQ(record->job->id, id);
  }
  std::vector<std::string> sorted = ids;
  std::ranges::sort(sorted);
  EXPECT_EQ(ids_of(store().list({})), sorted);
  std::size_t claimed = 0;  // a store may take fewer at once than it is asked for
  while (const std::size_t more = store().claim_due(request(1), run_minutely).claims.size()) claimed += more;
  EXPECT_EQ(claimed, ids.size());
  for (const std::string& id : ids) EXPECT_TRUE(store().remove(id)) << id;
  EXPECT_EQ(store().count(), 0u);
}

TEST_P(JobStoreContract, KeepsPayloadsByteForByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  Job job = minutely_job("pickled");
  job.payload = {"pickle", bytes, nullptr};
  add(scheduled(job, 0));
  EXPECT_EQ(store().get("pickled")->job->payload.data, bytes);
}

TEST_P(JobStoreContract, KeepsTheLargestPayload) {
  Job job = minutely_job("large");
  job.payload = {"cbor", std::string(kMaxPayloadBytes, '\xff'), nullptr};
  add(scheduled(job, 0));
  EXPECT_EQ(store().get("large")->job->payload.data.size(), kMaxPayloadBytes);
}

TEST_P(JobStoreContract, RefusesATakenIdAndAddsNothing) {
  add("taken", 1);
  const std::vector<NewJob> jobs = {scheduled(minutely_job("new"), 1), scheduled(minutely_job("taken"), 1)};
  try {
    store().add(jobs, OnConflict::kFail);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConflict);
    EXPECT_THAT(error.what(), HasSubstr("taken"));
  }
  if (store().traits().atomic_batches) {
    EXPECT_THAT(ids_of(store().list({})), ElementsAre("taken"));
  }
}

TEST_P(JobStoreContract, RefusesAnIdTwiceInOneCall) {
  const std::vector<NewJob> jobs = {scheduled(minutely_job("twice"), 1), scheduled(minutely_job("twice"), 2)};
  EXPECT_EQ(error_of([&] { store().add(jobs, OnConflict::kFail); }), ErrorCode::kConflict);
  if (store().traits().atomic_batches) {
    EXPECT_EQ(store().count(), 0u);
  }
}

TEST_P(JobStoreContract, ReplacesOnRequest) {
  add("job", 1);
  const JobPosition before = store().get("job")->position;
  Job other = minutely_job("job");
  other.task = "tests:other";
  other.tags = {"new"};
  replace(scheduled(other, 9));

  const JobRecord after = *store().get("job");
  EXPECT_EQ(after.job->task, "tests:other");
  EXPECT_EQ(after.position.next_run_time, at(9));
  EXPECT_GT(after.position.revision, before.revision);
  EXPECT_GT(after.position.version, before.version);
  EXPECT_EQ(store().count(), 1u);
}

TEST_P(JobStoreContract, TakesLivePayloadsOnlyWhereItSaysSo) {
  Job job = minutely_job("live");
  job.payload.live = std::make_shared<int>(42);
  if (store().traits().keeps_live_payloads) {
    add(scheduled(job, 1));
    EXPECT_EQ(store().get("live")->job->payload.live, job.payload.live);
  } else {
    const std::vector<NewJob> jobs = {scheduled(minutely_job("plain"), 1), scheduled(job, 1)};
    EXPECT_EQ(error_of([&] { store().add(jobs, OnConflict::kFail); }), ErrorCode::kUnsupported);
    if (store().traits().atomic_batches) {
      EXPECT_EQ(store().count(), 0u);
    }
  }
}

TEST_P(JobStoreContract, UpdatesWhatNobodyElseChanged) {
  add("job", 1);
  JobRecord record = *store().get("job");
  Job changed = *record.job;
  changed.name = "renamed";
  record.job = std::make_shared<const Job>(changed);
  record.position.next_run_time = record.position.fire_time = at(77);

  const std::optional<JobRecord> updated = store().update(record);

  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->job->name, "renamed");
  EXPECT_GT(updated->position.revision, record.position.revision);
  EXPECT_GT(updated->position.version, record.position.version);
  const JobRecord stored = *store().get("job");
  EXPECT_EQ(stored.job->name, "renamed");
  EXPECT_EQ(stored.position.next_run_time, at(77));
  EXPECT_EQ(stored.position.version, updated->position.version);
  EXPECT_EQ(stored.position.revision, updated->position.revision);
}

TEST_P(JobStoreContract, RefusesAnUpdateOfAnOldVersion) {
  add("job", 1);
  const JobRecord old = *store().get("job");
  ASSERT_TRUE(store().update(old));
  const JobPosition current = store().get("job")->position;
  EXPECT_FALSE(store().update(old));
  EXPECT_EQ(store().get("job")->position.version, current.version);
}

TEST_P(JobStoreContract, RefusesAnUpdateAcrossAClaim) {
  add("job", 1);
  const JobRecord old = *store().get("job");
  claim_one(1);
  EXPECT_FALSE(store().update(old));
}

TEST_P(JobStoreContract, UpdateOfAMissingJobIsAnError) {
  add("job", 1);
  const JobRecord record = *store().get("job");
  store().remove("job");
  EXPECT_EQ(error_of([&] { store().update(record); }), ErrorCode::kNotFound);
}

TEST_P(JobStoreContract, AJobThatIsAddedAgainIsNotItsPredecessor) {
  add("job", 1);
  const JobRecord predecessor = *store().get("job");
  store().remove("job");
  add("job", 1);
  const JobRecord successor = *store().get("job");
  EXPECT_GT(successor.position.version, predecessor.position.version);
  EXPECT_GT(successor.position.revision, predecessor.position.revision);
  EXPECT_FALSE(store().update(predecessor));
}

TEST_P(JobStoreContract, PausesAndResumes) {
  add("job", 1);
  JobRecord record = *store().get("job");
  const JobPosition scheduled_position = record.position;
  record.position.status = JobStatus::kPaused;
  record.position.next_run_time = record.position.fire_time = std::nullopt;
  record = *store().update(record);
  EXPECT_EQ(store().next_due({}), std::nullopt);
  EXPECT_THAT(store().claim_due(request(100), run_minutely).claims, IsEmpty());

  record.position.status = JobStatus::kScheduled;
  record.position.next_run_time = record.position.fire_time = scheduled_position.fire_time;
  ASSERT_TRUE(store().update(record));
  EXPECT_EQ(store().next_due({}), at(1));
}

TEST_P(JobStoreContract, RemovesOneOrAll) {
  for (const char* id : {"a", "b", "c"}) add(id, 1);
  EXPECT_TRUE(store().remove("b"));
  EXPECT_FALSE(store().remove("b"));
  EXPECT_FALSE(store().get("b"));
  EXPECT_THAT(ids_of(store().list({})), ElementsAre("a", "c"));
  EXPECT_EQ(store().remove_all(), 2u);
  EXPECT_EQ(store().remove_all(), 0u);
  EXPECT_EQ(store().count(), 0u);
  EXPECT_EQ(store().next_due({}), std::nullopt);
}

TEST_P(JobStoreContract, ListsByIdPageByPage) {
  for (const char* id : {"d", "a", "c", "e", "b"}) add(id, 1);
  JobFilter filter;
  filter.limit = 2;
  EXPECT_THAT(ids_of(store().list(filter)), ElementsAre("a", "b"));
  filter.after_id = "b";
  EXPECT_THAT(ids_of(store().list(filter)), ElementsAre("c", "d"));
  filter.after_id = "d";
  EXPECT_THAT(ids_of(store().list(filter)), ElementsAre("e"));
  filter.after_id = "e";
  EXPECT_THAT(store().list(filter), IsEmpty());
  filter.limit = 0;
  filter.after_id = std::nullopt;
  EXPECT_THAT(store().list(filter), IsEmpty());
}

TEST_P(JobStoreContract, FiltersByTagTaskAndExecutor) {
  Job tagged = minutely_job("tagged");
  tagged.tags = {"x", "y"};
  Job tasked = minutely_job("tasked");
  tasked.task = "tests:other";
  tasked.tags = {"x"};
  Job executed = minutely_job("executed");
  executed.executor = "other";
  for (const Job& job : {tagged, tasked, executed}) add(scheduled(job, 1));
  const auto list = [&](const JobFilter& filter) { return ids_of(store().list(filter)); };

  EXPECT_THAT(list({.tag = "x"}), ElementsAre("tagged", "tasked"));
  EXPECT_THAT(list({.limit = 1, .tag = "x"}), ElementsAre("tagged"));
  EXPECT_THAT(list({.tag = "y"}), ElementsAre("tagged"));
  EXPECT_THAT(list({.tag = "' OR 1=1 --"}), IsEmpty());
  EXPECT_THAT(list({.task = "tests:other"}), ElementsAre("tasked"));
  EXPECT_THAT(list({.tag = "y", .task = "tests:other"}), IsEmpty());
  EXPECT_THAT(list({.executor = "other"}), ElementsAre("executed"));

  tagged.tags = {"z"};
  replace(scheduled(tagged, 1));
  EXPECT_THAT(list({.tag = "x"}), ElementsAre("tasked"));
  EXPECT_THAT(list({.tag = "z"}), ElementsAre("tagged"));
}

TEST_P(JobStoreContract, NextDueIsTheEarliestOutsideTheExclusions) {
  EXPECT_EQ(store().next_due({}), std::nullopt);
  add("late", 30);
  Job other = minutely_job("early");
  other.task = "tests:unknown";
  add(scheduled(other, 10));
  Job elsewhere = minutely_job("elsewhere");
  elsewhere.executor = "gpu";
  add(scheduled(elsewhere, 20));
  add(paused(minutely_job("paused")));

  Exclusions exclusions;
  EXPECT_EQ(store().next_due(exclusions), at(10));
  exclusions.tasks = {"tests:unknown"};
  EXPECT_EQ(store().next_due(exclusions), at(20));
  exclusions.executors = {"gpu"};
  EXPECT_EQ(store().next_due(exclusions), at(30));
  exclusions.jobs = {{"late", store().get("late")->position.revision}};
  EXPECT_EQ(store().next_due(exclusions), std::nullopt);
  exclusions.jobs = {{"late", store().get("late")->position.revision + 1}};
  EXPECT_EQ(store().next_due(exclusions), at(30));
}

TEST_P(JobStoreContract, SurvivesReopening) {
  if (!store().traits().durable) GTEST_SKIP() << "not durable";
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  store().close();
  EXPECT_EQ(error_of([&] { store().count(); }), ErrorCode::kStoreUnavailable);
  store().open();
  EXPECT_EQ(store().get("job")->position.version, claim->record.position.version);
  EXPECT_TRUE(complete(claim, 2).at(0).accepted);
}

TEST_P(JobStoreContract, ShowsOneNodesJobsToAnother) {
  if (!store().traits().shared) GTEST_SKIP() << "not shared";
  const JobStorePtr other = another_node();
  add("job", 1);
  EXPECT_TRUE(other->get("job"));
  other->remove("job");
  EXPECT_FALSE(store().get("job"));
}

TEST_P(JobStoreContract, ReportsUnreadableJobsAndKeepsTheirBytes) {
  if (!GetParam().write_raw) GTEST_SKIP() << "keeps no bytes";
  const std::string good = job_to_text(minutely_job("bad"));
  std::string newer = good;
  newer.replace(newer.find("\"version\":1"), 11, "\"version\":9");
  std::string other_id = good;
  other_id.replace(other_id.find("\"bad\""), 5, "\"oth\"");
  std::string unknown_trigger = good;
  unknown_trigger.replace(unknown_trigger.find("\"interval\""), 10, "\"sunrise\"");
  const std::string deep = std::string(100'000, '[');
  add("bad", 1);
  add("good", 2);
  for (const std::string& bytes : {std::string("{"), std::string("\x80\x03}q"), std::string("null"),
                                   good.substr(0, good.size() / 2), newer, other_id, unknown_trigger, deep}) {
    if (GetParam().keeps_only_utf8 && !is_utf8(bytes)) continue;
    GetParam().write_raw(directory(), "bad", bytes);
    const std::optional<JobRecord> record = store().get("bad");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->job, nullptr);
    EXPECT_FALSE(record->unreadable.empty());
    EXPECT_THAT(ids_of(store().list({})), ElementsAre("bad", "good"));

    const ClaimResult result = store().claim_due(request(2), [](auto&&...) {
      RunPlan leave;
      leave.outcome = RunPlan::Outcome::kLeave;
      return leave;
    });
    EXPECT_THAT(ids_of(result.unreadable), ElementsAre("bad"));
    EXPECT_EQ(result.unreadable.at(0).position.version, record->position.version);
    EXPECT_EQ(GetParam().read_raw(directory(), "bad"), bytes);
  }
}

TEST_P(JobStoreContract, AnUnreadableJobHoldsUpNoOther) {
  if (!GetParam().write_raw) GTEST_SKIP() << "keeps no bytes";
  add("a-bad", 1);
  add("b-good", 1);
  GetParam().write_raw(directory(), "a-bad", "{}");
  ClaimResult result = store().claim_due(request(1, 1), run_minutely);
  EXPECT_THAT(ids_of(result.claims), ElementsAre("b-good"));
  EXPECT_THAT(ids_of(result.unreadable), ElementsAre("a-bad"));

  exclusions_.jobs = {{"a-bad", result.unreadable.at(0).position.revision}};
  result = store().claim_due(request(1), run_minutely);
  EXPECT_THAT(result.unreadable, IsEmpty());
  EXPECT_EQ(result.next_due, at(61));
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(JobStoreContract);

}  // namespace duetime
