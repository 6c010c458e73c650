#include "core/jobstores/postgresql_values.h"

#include <numeric>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr std::size_t kLargestInteger = 8;
constexpr int kUuidBytes = 16;

std::string big_endian(uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value >> (8 * (size - 1 - i)) & 0xff);
  return bytes;
}

uint64_t from_big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string integer_bytes(int64_t value) { return big_endian(static_cast<uint64_t>(value), kLargestInteger); }

std::string uuid_bytes(const Uuid& uuid) { return big_endian(uuid.high, 8) + big_endian(uuid.low, 8); }

std::string boolean_bytes(bool value) { return {value ? '\1' : '\0'}; }

[[noreturn]] void refuse_type(const char* expected, std::string_view found) {
  throw Error(ErrorCode::kStoreCorrupt, "PostgreSQL: a column has " + std::to_string(found.size()) +
                                            " bytes, expected " + expected +
                                            ": the type of one of the store's columns was changed");
}

}  // namespace

PgArray& PgArray::add_element(std::string_view bytes) {
  elements_ += big_endian(bytes.size(), 4);
  elements_ += bytes;
  ++size_;
  return *this;
}

PgArray& PgArray::add_null() {
  elements_ += big_endian(UINT32_MAX, 4);
  has_nulls_ = true;
  ++size_;
  return *this;
}

PgArray& PgArray::add(bool value) { return add_element(boolean_bytes(value)); }
PgArray& PgArray::add(int64_t value) { return add_element(integer_bytes(value)); }
PgArray& PgArray::add(std::string_view value) { return add_element(value); }
PgArray& PgArray::add(const Uuid& value) { return add_element(uuid_bytes(value)); }

// Dimensions, whether there are nulls, the type, then for each dimension its size and first index.
std::string PgArray::bytes() const {
  std::string bytes = big_endian(size_ == 0 ? 0 : 1, 4) + big_endian(has_nulls_, 4);
  bytes += big_endian(element_type_, 4);
  if (size_ == 0) return bytes;
  bytes += big_endian(size_, 4) + big_endian(1, 4);
  return bytes += elements_;
}

PgParameters& PgParameters::add_null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

PgParameters& PgParameters::add_bytes(std::string bytes) {
  values_.emplace_back(std::move(bytes));
  return *this;
}

PgParameters& PgParameters::add(bool value) { return add_bytes(boolean_bytes(value)); }
PgParameters& PgParameters::add(int64_t value) { return add_bytes(integer_bytes(value)); }
PgParameters& PgParameters::add(std::string_view value) { return add_bytes(std::string(value)); }
PgParameters& PgParameters::add(const Uuid& value) { return add_bytes(uuid_bytes(value)); }

std::size_t PgParameters::bytes() const {
  return std::accumulate(
      values_.begin(), values_.end(), std::size_t{0},
      [](std::size_t sum, const auto& value) { return sum + (value ? value->size() : 0); });
}

bool PgRows::is_null(int row, int column) const {
  return pq_library().PQgetisnull(result_.get(), row, column) == 1;
}

std::string_view PgRows::text(int row, int column) const {
  const PqLibrary& pq = pq_library();
  return {pq.PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(pq.PQgetlength(result_.get(), row, column))};
}

int64_t PgRows::integer(int row, int column) const {
  const std::string_view bytes = text(row, column);
  switch (bytes.size()) {
    case sizeof(int16_t):
      return static_cast<int16_t>(from_big_endian(bytes));
    case sizeof(int32_t):
      return static_cast<int32_t>(from_big_endian(bytes));
    case sizeof(int64_t):
      return static_cast<int64_t>(from_big_endian(bytes));
    default:
      refuse_type("an integer", bytes);
  }
}

bool PgRows::boolean(int row, int column) const {
  const std::string_view bytes = text(row, column);
  if (bytes.size() != 1) refuse_type("a boolean", bytes);
  return bytes.front() != 0;
}

Uuid PgRows::uuid(int row, int column) const {
  const std::string_view bytes = text(row, column);
  if (bytes.size() != kUuidBytes) refuse_type("a UUID", bytes);
  return {from_big_endian(bytes.substr(0, 8)), from_big_endian(bytes.substr(8))};
}

std::optional<Instant> PgRows::optional_instant(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return instant(row, column);
}

std::string pg_array_text(const std::vector<std::string>& texts) {
  std::string array = "{";
  for (const std::string& text : texts) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

}  // namespace duetime
