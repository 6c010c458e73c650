// The contract over storages written outside, in whatever language: where DUETIME_DISTANT_STORAGE names the
// socket of one, as tests/python/test_storage_contract.py does.
#include <cstdlib>
#include <filesystem>

#include "core/jobstores/record_store.h"
#include "tests/support/distant_storage.h"
#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

std::string name_of(const std::string& directory) {
  return std::filesystem::path(directory).filename().string();
}

std::string in_digits(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string digits;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += kDigits[byte / 16];
    digits += kDigits[byte % 16];
  }
  return digits;
}

std::string from_digits(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

JobStoreQuirks distant_quirks(const std::string& address) {
  return {.name = "Distant",
          .make =
              [address](const std::string& directory) {
                return make_record_job_store(std::make_shared<DistantStorage>(address, name_of(directory)));
              },
          .write_raw =
              [address](const std::string& directory, const std::string& id, const std::string& bytes) {
                DistantStorage(address, name_of(directory)).set_document(id, in_digits(bytes));
              },
          .read_raw =
              [address](const std::string& directory, const std::string& id) {
                return from_digits(DistantStorage(address, name_of(directory)).document(id));
              },
          .leases_end_with_the_boot = false};
}

std::vector<JobStoreQuirks> where_there_is_one() {
  const char* const address = std::getenv("DUETIME_DISTANT_STORAGE");
  if (address == nullptr) return {};
  return {distant_quirks(address)};
}

INSTANTIATE_TEST_SUITE_P(Outside, JobStoreContract, testing::ValuesIn(where_there_is_one()), store_name);
INSTANTIATE_TEST_SUITE_P(Outside, JobStoreLeaseContract, testing::ValuesIn(where_there_is_one()), store_name);

}  // namespace
}  // namespace duetime
