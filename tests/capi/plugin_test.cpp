#include <duetime/plugin.h>

#include <cstring>
#include <string>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

// Fires every `step`, on multiples of it.
struct Stepper {
  duetime_duration step = 60 * kSecond;
  int32_t status = 0;
  const char* error = nullptr;
  int released = 0;

  static int32_t next(void* user_data, duetime_time previous, duetime_time now, duetime_time* out_fire_time) {
    const auto* const self = static_cast<Stepper*>(user_data);
    if (self->error) duetime_plugin_set_error(self->error);
    if (self->status != 0) return self->status;
    const duetime_time after = previous == DUETIME_TIME_NONE ? now : previous;
    *out_fire_time = (after / self->step + 1) * self->step;
    return 0;
  }
  static void release(void* user_data) { ++static_cast<Stepper*>(user_data)->released; }

  duetime_trigger_plugin plugin() { return {sizeof(duetime_trigger_plugin), 0, this, release, next}; }
};

class Plugins : public HostedScheduler {
 protected:
  Held<duetime_trigger> make(const char* document = R"({"type": "stepper", "step": 60})") {
    const duetime_trigger_plugin plugin = stepper.plugin();
    Held<duetime_trigger> trigger;
    EXPECT_OK(duetime_trigger_create_plugin(&plugin, document, Out(trigger)));
    return trigger;
  }

  Stepper stepper;
};

TEST_F(Plugins, TriggerSchedulesJobs) {
  start();
  ASSERT_OK(add(job_options("job", "succeed"), make()));
  EXPECT_EQ(duetime_job_next_run_time(get("job").get()), kNoon + 60 * kSecond);
  for (int i = 0; i < 3; ++i) advance(60 * kSecond);
  EXPECT_EQ(task.calls, 3);
  EXPECT_EQ(stepper.released, 0);
  ASSERT_OK(duetime_scheduler_remove_job(scheduler, nullptr, "job"));
  held.reset();
  EXPECT_EQ(stepper.released, 1);
}

TEST_F(Plugins, DocumentIsKept) {
  const Held<duetime_trigger> trigger = make();
  Held<char> json;
  ASSERT_OK(duetime_trigger_to_json(trigger.get(), Out(json)));
  EXPECT_STREQ(json.get(), R"({"step":60,"type":"stepper"})");
}

TEST_F(Plugins, FailureIsACallbackErrorWithItsReason) {
  const Held<duetime_trigger> trigger = make();
  duetime_time fire = 0;
  const auto next = [&] {
    return duetime_trigger_next_fire_time(trigger.get(), DUETIME_TIME_NONE, kNoon, &fire);
  };
  stepper.status = 3;
  EXPECT_ERROR(DUETIME_ERROR_CALLBACK, "it returned 3", next());
  stepper.error = "the moon is not up";
  EXPECT_ERROR(DUETIME_ERROR_CALLBACK, "the moon is not up", next());
  stepper = Stepper{};
  stepper.error = "said, but succeeded";
  EXPECT_OK(next());
  stepper.error = nullptr;
  stepper.status = 4;
  EXPECT_ERROR(DUETIME_ERROR_CALLBACK, "it returned 4", next());
}

TEST_F(Plugins, LongReasonIsCutAtACharacter) {
  std::string reason;
  while (reason.size() < 10'000) reason += "\xE2\x82\xAC";  // the euro sign: three bytes
  const Held<duetime_trigger> trigger = make();
  stepper.error = reason.c_str();
  stepper.status = 1;
  duetime_time fire = 0;
  EXPECT_STATUS(DUETIME_ERROR_CALLBACK,
                duetime_trigger_next_fire_time(trigger.get(), DUETIME_TIME_NONE, kNoon, &fire));
  const std::string message = duetime_last_error_message();
  EXPECT_GT(message.size(), 4'000u);
  EXPECT_LT(message.size(), 4'096u);
  EXPECT_TRUE(message.ends_with("\xE2\x82\xAC"));
}

TEST_F(Plugins, TriggerThatFailsPausesItsJob) {
  start();
  ASSERT_OK(add(job_options("job", "succeed"), make()));
  stepper.status = 1;
  advance(60 * kSecond);
  EXPECT_EQ(duetime_job_status(get("job").get()), DUETIME_JOB_PAUSED);
}

TEST_F(Plugins, RefusesBadPluginsAndReleasesThem) {
  duetime_trigger_plugin plugin = stepper.plugin();
  Held<duetime_trigger> out;
  const auto create = [&](const char* document) {
    return duetime_trigger_create_plugin(&plugin, document, Out(out));
  };
  const char* const mine = R"({"type": "mine"})";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "document is NULL", create(nullptr));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "trigger document", create("{"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "not a JSON object", create("[]"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "\"type\"", create("{}"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "'cron'", create(R"({"type": "cron"})"));
  EXPECT_EQ(stepper.released, 5);
  plugin.next_fire_time = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "next_fire_time", create(mine));
  EXPECT_EQ(stepper.released, 6);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_plugin(&plugin, mine, nullptr));
  EXPECT_EQ(stepper.released, 7);
  plugin.struct_size = 0;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "struct_size", create(mine));
  EXPECT_EQ(stepper.released, 7) << "a struct whose size is refused must not be looked into";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "plugin is NULL",
               duetime_trigger_create_plugin(nullptr, mine, Out(out)));
}

int32_t make_stepper(void* user_data, const char* document, duetime_trigger_plugin* out_plugin) {
  auto* const stepper = static_cast<Stepper*>(user_data);
  EXPECT_EQ(out_plugin->struct_size, sizeof(duetime_trigger_plugin));
  EXPECT_NE(std::strstr(document, "\"type\":\"capi_test_stepper\""), nullptr) << document;
  if (stepper->status != 0) {
    duetime_plugin_set_error(stepper->error);
    return stepper->status;
  }
  *out_plugin = stepper->plugin();
  return 0;
}

TEST_F(Plugins, FactoryMakesTriggersFromDocuments) {
  const char* const document = R"({"type": "capi_test_stepper"})";
  const duetime_trigger_factory factory = {sizeof factory, 0, &stepper, nullptr, make_stepper};
  ASSERT_OK(duetime_register_trigger_type("capi_test_stepper", &factory));
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_from_json(document, Out(trigger)));
  duetime_time fire = 0;
  ASSERT_OK(duetime_trigger_next_fire_time(trigger.get(), kNoon, kNoon, &fire));
  EXPECT_EQ(fire, kNoon + 60 * kSecond);
  trigger.reset();
  EXPECT_EQ(stepper.released, 1);
  stepper.status = 1;
  stepper.error = "no such step";
  EXPECT_ERROR(DUETIME_ERROR_CALLBACK, "no such step",
               duetime_trigger_create_from_json(document, Out(trigger)));

  Counted replaced;
  const auto refuse = [](void*, const char*, duetime_trigger_plugin*) -> int32_t { return 1; };
  const duetime_trigger_factory second = {sizeof second, 0, &replaced, Counted::release, refuse};
  ASSERT_OK(duetime_register_trigger_type("capi_test_stepper", &second));
  EXPECT_EQ(replaced.released, 0);
  const duetime_trigger_factory third = {sizeof third, 0, nullptr, nullptr, refuse};
  ASSERT_OK(duetime_register_trigger_type("capi_test_stepper", &third));
  EXPECT_EQ(replaced.released, 1);
}

TEST_F(Plugins, RefusesBadFactoriesAndReleasesThem) {
  Counted data;
  duetime_trigger_factory factory = {sizeof factory, 0, &data, Counted::release, make_stepper};
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "interval",
               duetime_register_trigger_type("interval", &factory));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "type is empty", duetime_register_trigger_type("", &factory));
  factory.make = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "make", duetime_register_trigger_type("mine", &factory));
  EXPECT_EQ(data.released, 3);
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "factory is NULL",
               duetime_register_trigger_type("mine", nullptr));
}

}  // namespace
}  // namespace duetime::capi_test
