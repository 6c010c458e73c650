#include "tests/support/reference_storage.h"

#include <algorithm>

namespace duetime {
namespace {

// A copy is called: the hook may take itself out.
void call(const std::function<void()>& hook) {
  if (const std::function<void()> copy = hook) copy();
}

}  // namespace

// Through text, as what is written outside gets and gives it.
Json ReferenceStorage::read(const Json& question) {
  ++calls;
  call(before_read);
  return Json::parse(records_->read(Json::parse(question.dump())).dump());
}

bool ReferenceStorage::write(const Json& operations) {
  ++calls;
  most_operations = std::max(most_operations, operations.size());
  call(before_write);
  const bool written = records_->write(Json::parse(operations.dump()));
  call(after_write);
  return written;
}

}  // namespace duetime
