#include <duetime/job.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

class Jobs : public HostedScheduler {
 protected:
  std::vector<std::string> listed_ids() {
    Held<duetime_job_list> list;
    EXPECT_OK(duetime_scheduler_list_jobs(scheduler, nullptr, Out(list)));
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < duetime_job_list_size(list.get()); ++i) {
      Held<duetime_job> job;
      EXPECT_OK(duetime_job_list_at(list.get(), i, Out(job)));
      ids.push_back(duetime_job_id(job.get()));
    }
    return ids;
  }

  Held<duetime_trigger> minutely = interval_trigger(60 * kSecond);
};

TEST_F(Jobs, SnapshotAnswersWhatWasAsked) {
  const char* const tags[] = {"reports", "nightly"};
  duetime_job_options options = job_options("report", "succeed");
  options.name = "The report";
  options.coalesce = 0;
  options.max_instances = 3;
  options.recover = 1;
  options.tags = tags;
  options.tag_count = 2;
  options.misfire_grace = DUETIME_DURATION_UNLIMITED;
  options.payload_encoding = "json";
  options.payload = "[1]";
  options.payload_size = 3;
  Held<duetime_job> job;
  ASSERT_OK(duetime_scheduler_add_job(scheduler, minutely.get(), &options, Out(job)));

  EXPECT_STREQ(duetime_job_id(job.get()), "report");
  EXPECT_STREQ(duetime_job_name(job.get()), "The report");
  EXPECT_STREQ(duetime_job_task(job.get()), "succeed");
  EXPECT_STREQ(duetime_job_executor(job.get()), "default");
  EXPECT_STREQ(duetime_job_store(job.get()), "default");
  EXPECT_STREQ(duetime_job_error(job.get()), "");
  EXPECT_EQ(duetime_job_status(job.get()), DUETIME_JOB_SCHEDULED);
  EXPECT_EQ(duetime_job_coalesce(job.get()), 0);
  EXPECT_EQ(duetime_job_max_instances(job.get()), 3);
  EXPECT_EQ(duetime_job_recover(job.get()), 1);
  EXPECT_GT(duetime_job_revision(get("report").get()), 0);
  EXPECT_EQ(duetime_job_misfire_grace(job.get()), DUETIME_DURATION_UNLIMITED);
  EXPECT_EQ(duetime_job_next_run_time(job.get()), kNoon + 60 * kSecond);
  ASSERT_EQ(duetime_job_tag_count(job.get()), 2u);
  EXPECT_STREQ(duetime_job_tag(job.get(), 1), "nightly");
  EXPECT_EQ(duetime_job_tag(job.get(), 2), nullptr);
  EXPECT_STREQ(duetime_job_payload_encoding(job.get()), "json");
  std::size_t size = 0;
  const void* const payload = duetime_job_payload(job.get(), &size);
  EXPECT_EQ(std::string(static_cast<const char*>(payload), size), "[1]");
}

TEST_F(Jobs, DefaultsAreThoseOfTheHeader) {
  duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
  options.task = "succeed";
  Held<duetime_job> job;
  ASSERT_OK(duetime_scheduler_add_job(scheduler, minutely.get(), &options, Out(job)));
  EXPECT_EQ(std::string(duetime_job_id(job.get())).size(), 32u);
  EXPECT_STREQ(duetime_job_name(job.get()), "succeed");
  EXPECT_STREQ(duetime_job_payload_encoding(job.get()), "none");
  EXPECT_EQ(duetime_job_misfire_grace(job.get()), kSecond);
  EXPECT_EQ(duetime_job_coalesce(job.get()), 1);
  EXPECT_EQ(duetime_job_live_payload(job.get()), nullptr);
}

TEST_F(Jobs, SnapshotDoesNotChangeAndOutlivesTheScheduler) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  const Held<duetime_job> before = get("job");
  ASSERT_OK(duetime_scheduler_pause_job(scheduler, nullptr, "job", nullptr));
  held.reset();
  EXPECT_EQ(duetime_job_status(before.get()), DUETIME_JOB_SCHEDULED);
  EXPECT_STREQ(duetime_job_id(before.get()), "job");
}

TEST_F(Jobs, HandTheirTriggerAndDocumentOut) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  const Held<duetime_job> job = get("job");
  Held<duetime_trigger> trigger;
  Held<char> json;
  ASSERT_OK(duetime_job_trigger(job.get(), Out(trigger)));
  ASSERT_OK(duetime_job_to_json(job.get(), Out(json)));
  duetime_time fire = 0;
  EXPECT_OK(duetime_trigger_next_fire_time(trigger.get(), kNoon, kNoon, &fire));
  EXPECT_EQ(fire, kNoon + 60 * kSecond);
  EXPECT_NE(std::string(json.get()).find(R"("task":"succeed")"), std::string::npos) << json.get();
}

TEST_F(Jobs, AreListedByNextRunTimePausedOnesLast) {
  ASSERT_OK(add(job_options("late", "succeed"), date_trigger(kNoon + 9 * kSecond)));
  ASSERT_OK(add(job_options("b", "succeed"), date_trigger(kNoon + 5 * kSecond)));
  ASSERT_OK(add(job_options("a", "succeed"), date_trigger(kNoon + 5 * kSecond)));
  duetime_job_options paused = job_options("0", "succeed");
  paused.next_run_time = DUETIME_TIME_NONE;
  ASSERT_OK(add(paused, minutely));
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"a", "b", "late", "0"}));
}

TEST_F(Jobs, ListRefusesAnIndexBeyondItsEnd) {
  Held<duetime_job_list> list;
  Held<duetime_job> job;
  ASSERT_OK(duetime_scheduler_list_jobs(scheduler, nullptr, Out(list)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "index is 0", duetime_job_list_at(list.get(), 0, Out(job)));
}

TEST_F(Jobs, TakenIdIsAConflictUnlessReplaced) {
  duetime_job_options options = job_options("job", "succeed");
  ASSERT_OK(add(options, minutely));
  EXPECT_ERROR(DUETIME_ERROR_CONFLICT, "job", add(options, minutely));
  options.replace = 1;
  options.name = "second";
  EXPECT_OK(add(options, minutely));
  EXPECT_STREQ(duetime_job_name(get("job").get()), "second");
}

TEST_F(Jobs, TriggerThatNeverFiresAddsNothing) {
  duetime_interval_options spent = DUETIME_INTERVAL_OPTIONS_INIT;
  spent.interval = kSecond;
  spent.end = kNoon - kSecond;
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_interval(&spent, Out(trigger)));
  const duetime_job_options options = job_options("job", "succeed");
  auto* job = reinterpret_cast<duetime_job*>(8);
  EXPECT_OK(duetime_scheduler_add_job(scheduler, trigger.get(), &options, &job));
  EXPECT_EQ(job, nullptr);
  EXPECT_TRUE(listed_ids().empty());
}

TEST_F(Jobs, OutputIsUntouchedOnFailure) {
  const duetime_job_options options = job_options("job", nullptr);
  auto* const before = reinterpret_cast<duetime_job*>(8);
  duetime_job* job = before;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "task is NULL",
               duetime_scheduler_add_job(scheduler, minutely.get(), &options, &job));
  EXPECT_EQ(job, before);
}

TEST_F(Jobs, AddJobsTakesAllOrNone) {
  const duetime_trigger* triggers[] = {minutely.get(), minutely.get(), minutely.get()};
  duetime_job_options options[] = {job_options("a", "succeed"), job_options("b", "succeed"),
                                   job_options("a", "succeed")};
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT, duetime_scheduler_add_jobs(scheduler, 3, triggers, options));
  EXPECT_TRUE(listed_ids().empty());
  options[2].id = "c";
  options[2].next_run_time = kNoon + kSecond;
  EXPECT_OK(duetime_scheduler_add_jobs(scheduler, 3, triggers, options));
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"c", "a", "b"}));
  EXPECT_OK(duetime_scheduler_add_jobs(scheduler, 0, nullptr, nullptr));
}

TEST_F(Jobs, AddJobsRefusesMixedStoresSizesAndNulls) {
  const duetime_trigger* triggers[] = {minutely.get(), minutely.get()};
  duetime_job_options options[] = {job_options("a", "succeed"), job_options("b", "succeed")};
  const auto add_both = [&] { return duetime_scheduler_add_jobs(scheduler, 2, triggers, options); };
  options[1].store = "other";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options[1].store", add_both());
  options[1].store = nullptr;
  options[1].struct_size = 8;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options[1].struct_size is 8", add_both());
  options[1] = job_options("b", "succeed");
  triggers[1] = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "duetime_trigger handle is NULL", add_both());
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "triggers is NULL",
               duetime_scheduler_add_jobs(scheduler, 2, nullptr, options));
  EXPECT_TRUE(listed_ids().empty());
}

// The array's elements lie as far apart as the caller's struct is large.
TEST_F(Jobs, AddJobsWalksTheStructsOfANewerCaller) {
  struct Newer {
    duetime_job_options known;
    std::uint64_t later;
  };
  Newer options[] = {{job_options("a", "succeed"), 0}, {job_options("b", "succeed"), 0}};
  for (Newer& each : options) each.known.struct_size = sizeof each;
  const duetime_trigger* const triggers[] = {minutely.get(), minutely.get()};
  EXPECT_OK(duetime_scheduler_add_jobs(scheduler, 2, triggers, &options[0].known));
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Jobs, ImportHappensOnce) {
  const duetime_trigger* const triggers[] = {minutely.get(), minutely.get()};
  duetime_job_options options[] = {job_options("due", "succeed"), job_options("paused", "succeed")};
  options[0].next_run_time = kNoon + kSecond;
  options[0].store = "not looked at";
  options[1].next_run_time = DUETIME_TIME_NONE;
  const auto import_both = [&](const char* source, int32_t* imported) {
    return duetime_scheduler_import_jobs(scheduler, "default", source, 2, triggers, options, imported);
  };
  int32_t imported = -1;
  ASSERT_OK(duetime_scheduler_imported(scheduler, "default", "elsewhere", &imported));
  EXPECT_EQ(imported, 0);
  ASSERT_OK(import_both("elsewhere", &imported));
  EXPECT_EQ(imported, 1);
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"due", "paused"}));
  ASSERT_OK(duetime_scheduler_remove_job(scheduler, nullptr, "due"));
  ASSERT_OK(import_both("elsewhere", &imported));
  EXPECT_EQ(imported, 0);
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"paused"}));
  ASSERT_OK(import_both("elsewhere too", nullptr));
  EXPECT_EQ(listed_ids(), (std::vector<std::string>{"due", "paused"}));
  ASSERT_OK(duetime_scheduler_imported(scheduler, "default", "elsewhere", &imported));
  EXPECT_EQ(imported, 1);
}

TEST_F(Jobs, ImportedJobsRun) {
  start();
  const duetime_trigger* const triggers[] = {minutely.get()};
  duetime_job_options options = job_options("job", "succeed");
  options.next_run_time = kNoon + kSecond;
  ASSERT_OK(duetime_scheduler_import_jobs(scheduler, "default", "elsewhere", 1, triggers, &options, nullptr));
  advance(kSecond);
  EXPECT_EQ(task.calls, 1);
}

TEST_F(Jobs, AnImportOfNothingIsNotedToo) {
  ASSERT_OK(duetime_scheduler_import_jobs(scheduler, "default", "empty", 0, nullptr, nullptr, nullptr));
  int32_t imported = 0;
  ASSERT_OK(duetime_scheduler_imported(scheduler, "default", "empty", &imported));
  EXPECT_EQ(imported, 1);
}

TEST_F(Jobs, ImportRefusesWhatIsWrongAndNotesNothing) {
  const duetime_trigger* triggers[] = {minutely.get(), nullptr};
  duetime_job_options options[] = {job_options("a", "succeed"), job_options("b", "succeed")};
  const auto import_into = [&](const char* store, const char* source) {
    return duetime_scheduler_import_jobs(scheduler, store, source, 2, triggers, options, nullptr);
  };
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "duetime_trigger handle is NULL", import_into("default", "x"));
  triggers[1] = minutely.get();
  options[1].task = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "task is NULL", import_into("default", "x"));
  options[1] = job_options("b", "succeed");
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "store is NULL", import_into(nullptr, "x"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "source is NULL", import_into("default", nullptr));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "1025 bytes",
               import_into("default", std::string(1025, 'x').c_str()));
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, import_into("other", "x"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "triggers is NULL",
               duetime_scheduler_import_jobs(scheduler, "default", "x", 2, nullptr, options, nullptr));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "out_imported is NULL",
               duetime_scheduler_imported(scheduler, "default", "x", nullptr));
  int32_t imported = -1;
  ASSERT_OK(duetime_scheduler_imported(scheduler, "default", "x", &imported));
  EXPECT_EQ(imported, 0);
  EXPECT_TRUE(listed_ids().empty());
}

TEST_F(Jobs, ModifyChangesOnlyTheNamedMembers) {
  duetime_job_options options = job_options("job", "succeed");
  options.name = "before";
  ASSERT_OK(add(options, minutely));
  duetime_job_options changes = job_options(nullptr, nullptr);
  changes.name = "after";
  changes.max_instances = 4;
  Held<duetime_job> job;
  ASSERT_OK(
      duetime_scheduler_modify_job(scheduler, nullptr, "job", DUETIME_JOB_NAME, &changes, nullptr, Out(job)));
  EXPECT_STREQ(duetime_job_name(job.get()), "after");
  EXPECT_EQ(duetime_job_max_instances(job.get()), 1);
  EXPECT_STREQ(duetime_job_task(job.get()), "succeed");
}

TEST_F(Jobs, ChangedTriggerMovesTheNextRunOnlyWhenAsked) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  const Held<duetime_trigger> hourly = interval_trigger(3'600 * kSecond);
  ASSERT_OK(duetime_scheduler_modify_job(scheduler, nullptr, "job", 0, nullptr, hourly.get(), nullptr));
  EXPECT_EQ(duetime_job_next_run_time(get("job").get()), kNoon + 60 * kSecond);
  const duetime_job_options from_trigger = DUETIME_JOB_OPTIONS_INIT;
  ASSERT_OK(duetime_scheduler_modify_job(scheduler, nullptr, "job", DUETIME_JOB_NEXT_RUN_TIME, &from_trigger,
                                         hourly.get(), nullptr));
  EXPECT_EQ(duetime_job_next_run_time(get("job").get()), kNoon + 3'600 * kSecond);
}

TEST_F(Jobs, ModifyRefusesWhatItDoesNotKnow) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  const duetime_job_options changes = DUETIME_JOB_OPTIONS_INIT;
  const auto modify = [&](uint32_t fields, const duetime_job_options* options) {
    return duetime_scheduler_modify_job(scheduler, nullptr, "job", fields, options, nullptr, nullptr);
  };
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "fields is 1048576", modify(1u << 20, &changes));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options is NULL", modify(DUETIME_JOB_NAME, nullptr));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "task is NULL", modify(DUETIME_JOB_TASK, &changes));
  EXPECT_STREQ(duetime_job_task(get("job").get()), "succeed");
}

TEST_F(Jobs, PauseAndResume) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  Held<duetime_job> job;
  ASSERT_OK(duetime_scheduler_pause_job(scheduler, "default", "job", Out(job)));
  EXPECT_EQ(duetime_job_status(job.get()), DUETIME_JOB_PAUSED);
  EXPECT_EQ(duetime_job_next_run_time(job.get()), DUETIME_TIME_NONE);
  ASSERT_OK(duetime_scheduler_resume_job(scheduler, nullptr, "job", Out(job)));
  EXPECT_EQ(duetime_job_next_run_time(job.get()), kNoon + 60 * kSecond);
}

TEST_F(Jobs, RemovedJobIsNotFound) {
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  ASSERT_OK(duetime_scheduler_remove_job(scheduler, nullptr, "job"));
  Held<duetime_job> job;
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "job",
               duetime_scheduler_get_job(scheduler, nullptr, "job", Out(job)));
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_remove_job(scheduler, nullptr, "job"));
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_pause_job(scheduler, nullptr, "job", nullptr));
  ASSERT_OK(add(job_options("job", "succeed"), minutely));
  ASSERT_OK(duetime_scheduler_remove_all_jobs(scheduler, nullptr));
  EXPECT_TRUE(listed_ids().empty());
}

TEST_F(Jobs, RefusesBadOptionsByName) {
  const auto refused = [&](const char* part, auto&& spoil) {
    duetime_job_options options = job_options("job", "succeed");
    spoil(options);
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, part, add(options, minutely));
  };
  const std::string long_id(192, 'x');
  const char* const tags[] = {"good", nullptr};
  refused("struct_size is 0", [](auto& o) { o.struct_size = 0; });
  refused("task is empty", [](auto& o) { o.task = ""; });
  refused("task", [](auto& o) { o.task = "\xC0\x80"; });
  refused("id", [&](auto& o) { o.id = long_id.c_str(); });
  refused("coalesce is 2", [](auto& o) { o.coalesce = 2; });
  refused("recover is -1", [](auto& o) { o.recover = -1; });
  refused("replace is 9", [](auto& o) { o.replace = 9; });
  refused("max_instances", [](auto& o) { o.max_instances = 0; });
  refused("misfire_grace", [](auto& o) { o.misfire_grace = 0; });
  refused("next_run_time is 9223372036854775807", [](auto& o) { o.next_run_time = INT64_MAX; });
  refused("executor is empty", [](auto& o) { o.executor = ""; });
  refused("store is empty", [](auto& o) { o.store = ""; });
  refused("tags is NULL", [](auto& o) { o.tag_count = 1; });
  refused("tags[1] is NULL", [&](auto& o) { o.tags = tags, o.tag_count = 2; });
  refused("payload is NULL", [](auto& o) { o.payload_size = 1; });
  refused("payload_size is", [](auto& o) { o.payload = "x", o.payload_size = SIZE_MAX; });
  refused("both payload and live_payload",
          [&](auto& o) { o.payload = "x", o.payload_size = 1, o.live_payload = this; });
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options is NULL",
               duetime_scheduler_add_job(scheduler, minutely.get(), nullptr, nullptr));
  EXPECT_TRUE(listed_ids().empty());
}

TEST_F(Jobs, UnknownStoreIsNotFound) {
  duetime_job_options options = job_options("job", "succeed");
  options.store = "nowhere";
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "nowhere", add(options, minutely));
  Held<duetime_job> job;
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "nowhere",
               duetime_scheduler_get_job(scheduler, "nowhere", "job", Out(job)));
}

TEST_F(Jobs, LookUpsRefuseBadIds) {
  Held<duetime_job> job;
  const std::string long_id(192, 'x');
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "id is NULL",
               duetime_scheduler_get_job(scheduler, nullptr, nullptr, Out(job)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "id is empty",
               duetime_scheduler_get_job(scheduler, nullptr, "", Out(job)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "192",
               duetime_scheduler_get_job(scheduler, nullptr, long_id.c_str(), Out(job)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "UTF-8",
               duetime_scheduler_remove_job(scheduler, nullptr, "\xED\xA0\x80"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "store is empty",
               duetime_scheduler_remove_job(scheduler, "", "job"));
}

}  // namespace
}  // namespace duetime::capi_test
