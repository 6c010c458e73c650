#include <duetime/plugin.h>

#include <string>

#include "tests/capi/capi_test.h"
#include "tests/support/reference_records.h"

namespace duetime::capi_test {
namespace {

// A record storage behind the struct, whose functions fail on demand.
struct Storage {
  ReferenceRecords records;
  duetime_status open_status = DUETIME_OK;
  duetime_status read_status = DUETIME_OK;
  duetime_status write_status = DUETIME_OK;
  const char* answer = nullptr;  // instead of the true one
  const char* error = "disk on fire";
  int64_t first = 0;  // instead of a number drawn
  duetime_time now = kNoon;
  int opened = 0;
  int closed = 0;
  int released = 0;

  static Storage& of(void* user_data) { return *static_cast<Storage*>(user_data); }

  duetime_status told(duetime_status status) const {
    if (status != DUETIME_OK && error != nullptr) duetime_plugin_set_error(error);
    return status;
  }

  duetime_job_store_plugin plugin() {
    duetime_job_store_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.user_data = this;
    plugin.release = [](void* self) { ++of(self).released; };
    plugin.open = [](void* self) {
      ++of(self).opened;
      return of(self).told(of(self).open_status);
    };
    plugin.close = [](void* self) { ++of(self).closed; };
    plugin.now = [](void* self, duetime_time* out_now) {
      *out_now = of(self).now;
      return duetime_status{DUETIME_OK};
    };
    plugin.draw = [](void* self, uint32_t count, int64_t* out_first) {
      *out_first = of(self).first != 0 ? of(self).first : of(self).records.draw(count);
      return duetime_status{DUETIME_OK};
    };
    plugin.read = [](void* self, const char* question) {
      const std::string truth = of(self).records.read(Json::parse(question)).dump();
      duetime_plugin_set_answer(of(self).answer != nullptr ? of(self).answer : truth.c_str());
      return of(self).told(of(self).read_status);
    };
    plugin.write = [](void* self, const char* operations) {
      if (of(self).write_status != DUETIME_OK) return of(self).told(of(self).write_status);
      const bool written = of(self).records.write(Json::parse(operations));
      return duetime_status{written ? DUETIME_OK : DUETIME_ERROR_CONFLICT};
    };
    return plugin;
  }
};

class JobStorePlugin : public HostedScheduler {
 protected:
  duetime_status add_store() {
    const duetime_job_store_plugin plugin = storage.plugin();
    return duetime_scheduler_add_store_plugin(scheduler, "outside", "example", &plugin);
  }

  duetime_status add_job(const char* id) {
    duetime_job_options options = job_options(id, "succeed");
    options.store = "outside";
    return add(options, date_trigger(kNoon + 60 * kSecond));
  }

  Storage storage;
};

TEST_F(JobStorePlugin, JobsRunAndLeaveTheirHistory) {
  ASSERT_OK(add_store());
  start();
  ASSERT_OK(add_job("job"));
  EXPECT_EQ(storage.opened, 1);
  advance(60 * kSecond);
  run_pending();
  EXPECT_EQ(task.calls, 1);
  ASSERT_EQ(runs(nullptr, "outside").size(), 1u);
  EXPECT_EQ(runs(nullptr, "outside")[0].state, DUETIME_RUN_SUCCEEDED);
  Held<duetime_job> job;
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_get_job(scheduler, "outside", "job", Out(job)));
  EXPECT_EQ(storage.released, 0);
  held.reset();
  EXPECT_EQ(storage.closed, 1);
  EXPECT_EQ(storage.released, 1);
}

TEST_F(JobStorePlugin, TwoSchedulersShareEachFire) {
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.hosted = 1;
  options.clock = clock.get();
  Held<duetime_scheduler> other;
  ASSERT_OK(duetime_scheduler_create(&options, Out(other)));
  ASSERT_OK(duetime_scheduler_add_inline_executor(other.get(), "default"));
  ASSERT_OK(duetime_scheduler_register_task(other.get(), "succeed", Counted::succeed, &task, nullptr));
  ASSERT_OK(add_store());
  const duetime_job_store_plugin plugin = storage.plugin();
  ASSERT_OK(duetime_scheduler_add_store_plugin(other.get(), "outside", "example", &plugin));
  start();
  ASSERT_OK(duetime_scheduler_start(other.get(), 0));
  for (int i = 0; i < 20; ++i) ASSERT_OK(add_job(std::to_string(i).c_str()));
  duetime_scheduler* const both[] = {scheduler, other.get()};
  ASSERT_OK(duetime_scheduler_play(both, 2, kNoon + 60 * kSecond, 60 * kSecond));
  EXPECT_EQ(task.calls, 20);
}

TEST_F(JobStorePlugin, FailuresKeepTheirKindAndText) {
  ASSERT_OK(add_store());
  for (const duetime_status status : {DUETIME_ERROR_STORE_UNAVAILABLE, DUETIME_ERROR_STORE_CORRUPT,
                                      DUETIME_ERROR_NEWER_VERSION, DUETIME_ERROR_TIMEOUT}) {
    storage.open_status = status;
    EXPECT_ERROR(status, "disk on fire", add_job("job"));
  }
  storage.open_status = DUETIME_OK;
  storage.read_status = DUETIME_ERROR_STORE_UNAVAILABLE;
  EXPECT_ERROR(DUETIME_ERROR_STORE_UNAVAILABLE, "example: disk on fire", add_job("job"));
  storage.read_status = 7;
  EXPECT_STATUS(DUETIME_ERROR_STORE_UNAVAILABLE, add_job("job"));
  storage.read_status = DUETIME_OK;
  storage.write_status = DUETIME_ERROR_STORE_FULL;
  EXPECT_ERROR(DUETIME_ERROR_STORE_FULL, "disk on fire", add_job("job"));
  storage.write_status = 7;
  storage.error = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_TIMEOUT, "it answered 7", add_job("job"));
  storage.write_status = DUETIME_ERROR_CONFLICT;  // each time it is tried
  EXPECT_ERROR(DUETIME_ERROR_STORE_UNAVAILABLE, "changed by others all the time", add_job("job"));
  storage.write_status = DUETIME_OK;
  EXPECT_OK(add_job("job"));
}

TEST_F(JobStorePlugin, NonsenseIsRefused) {
  ASSERT_OK(add_store());
  for (const char* answer : {"{", "[]", "null", R"({"jobs": 1})", R"({"jobs": [{"key": "job"}]})",
                             R"({"jobs": [{"version": 1}]})", R"({"jobs": [[]]})"}) {
    storage.answer = answer;
    EXPECT_STATUS(DUETIME_ERROR_STORE_CORRUPT, add_job("job")) << answer;
  }
  storage.answer = nullptr;
  for (const int64_t number : {INT64_MIN, int64_t{-1}, INT64_MAX}) {
    storage.first = number;
    EXPECT_ERROR(DUETIME_ERROR_STORE_CORRUPT, "it drew the number", add_job("job"));
  }
}

TEST_F(JobStorePlugin, MisuseIsRefusedAndReleases) {
  const auto refused = [&](auto change, duetime_status status = DUETIME_ERROR_INVALID_ARGUMENT) {
    duetime_job_store_plugin plugin = storage.plugin();
    change(plugin);
    const int before = storage.released;
    EXPECT_STATUS(status, duetime_scheduler_add_store_plugin(scheduler, "outside", "example", &plugin));
    EXPECT_EQ(storage.released, before + 1);
  };
  refused([](auto& plugin) { plugin.draw = nullptr; });
  refused([](auto& plugin) { plugin.read = nullptr; });
  refused([](auto& plugin) { plugin.write = nullptr; });
  refused([](auto& plugin) { plugin.max_operations = 15; });
  const duetime_job_store_plugin plugin = storage.plugin();
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_store_plugin(scheduler, "outside", "example", nullptr));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_store_plugin(scheduler, nullptr, "example", &plugin));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_store_plugin(scheduler, "outside", nullptr, &plugin));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_store_plugin(nullptr, "outside", "example", &plugin));
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT,
                duetime_scheduler_add_store_plugin(scheduler, "default", "example", &plugin));
  EXPECT_EQ(storage.released, 8);
  duetime_plugin_set_answer(nullptr);
}

}  // namespace
}  // namespace duetime::capi_test
