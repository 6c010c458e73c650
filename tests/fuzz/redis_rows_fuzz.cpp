// What stands in the keys of a Redis store, where anybody may have written: the input is a job's line or a
// claim's, a newline of its own ('\x1e'), and a document.
#include <hiredis/hiredis.h>

#include <string>

#include "core/jobs/job_document.h"
#include "core/jobstores/redis_rows.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

// As a server's answer has it.
struct Text {
  explicit Text(std::string_view text) : bytes(text) {
    reply.type = REDIS_REPLY_STRING;
    reply.str = bytes.data();
    reply.len = bytes.size();
  }
  RedisValue value() const { return RedisValue(&reply); }

  std::string bytes;
  redisReply reply{};
};

void read_job(const Text& line, const Text& document) {
  const JobRecord record = RedisJobReader().read("job", line.value(), document.value());
  require((record.job == nullptr) == !record.unreadable.empty(), "neither a job nor a reason, or both");
  if (!record.job) return;
  const std::string rest = redis_line_rest(*record.job, record.position);
  require(line.bytes.ends_with(rest), "the line is written otherwise than it was read");
}

void read_run(const Text& document) {
  const std::optional<RunRecord> run = read_redis_run(document.value());
  if (!run) return;
  const Text again(redis_run_document(*run));
  const std::optional<RunRecord> reread = read_redis_run(again.value());
  require(reread && redis_run_document(*reread) == again.bytes,
          "a run is read otherwise than it was written");
}

}  // namespace

void fuzz_redis_rows(std::string_view input) {
  const std::size_t end = std::min(input.find('\x1e'), input.size());
  const Text line(input.substr(0, end));
  const Text document(input.substr(std::min(end + 1, input.size())));
  const Text number("7");
  read_job(line, document);
  read_run(document);
  const std::optional<RedisClaim> claim = read_redis_claim(number.value(), line.value(), number.value());
  require(!claim || claim->fence == 7, "a claim of another fence");
}

}  // namespace duetime::fuzz
