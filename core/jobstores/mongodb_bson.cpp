#include "core/jobstores/mongodb_bson.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/error.h"

namespace duetime {
namespace {

static_assert(std::endian::native == std::endian::little, "BSON is little-endian, and so is this code");

enum Type : char {
  kDouble = 0x01,
  kText = 0x02,
  kDocument = 0x03,
  kArray = 0x04,
  kBinary = 0x05,
  kUndefined = 0x06,
  kObjectId = 0x07,
  kBoolean = 0x08,
  kDate = 0x09,
  kNull = 0x0a,
  kRegex = 0x0b,
  kDbPointer = 0x0c,
  kCode = 0x0d,
  kSymbol = 0x0e,
  kCodeWithScope = 0x0f,
  kInt32 = 0x10,
  kTimestamp = 0x11,
  kInt64 = 0x12,
  kDecimal128 = 0x13,
  kMaxKey = 0x7f,
  kMinKey = -1,
};

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kSmallestDocument = 5;
constexpr std::size_t kObjectIdBytes = 12;
constexpr std::size_t kDecimalBytes = 16;
constexpr double kTwoToThe63 = 9223372036854775808.0;

[[noreturn]] void fail(const char* why) {
  throw Error(ErrorCode::kStoreCorrupt, std::string("MongoDB: a document of the server is damaged: ") + why);
}

template <typename Number>
std::string raw(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

template <typename Number>
Number number_at(std::string_view bytes, std::size_t at = 0) {
  Number number;
  if (bytes.size() < sizeof number || at > bytes.size() - sizeof number) fail("it is cut short");
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::string with_length(std::string_view text) {
  std::string bytes = raw(static_cast<int32_t>(text.size() + 1));
  bytes.append(text);
  bytes.push_back('\0');
  return bytes;
}

template <typename Value>
Bson document_of(const std::vector<Value>& array) {
  Bson document;
  std::size_t index = 0;
  for (const Value& value : array) document.add(std::to_string(index++), value);
  return document;
}

// Of the length that stands at the beginning of a value, which counts from `counted_from` on.
std::size_t sized(std::string_view rest, std::size_t counted_from) {
  const auto length = number_at<int32_t>(rest);
  if (length < 0) fail("a length is negative");
  return counted_from + static_cast<std::size_t>(length);
}

std::size_t size_of_cstring(std::string_view rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) fail("a name has no end");
  return end + 1;
}

std::size_t size_of_regex(std::string_view rest) {
  const std::size_t pattern = size_of_cstring(rest);
  return pattern + size_of_cstring(rest.substr(pattern));
}

std::size_t size_of_value(char type, std::string_view rest) {
  switch (type) {
    case kUndefined:
    case kNull:
    case kMaxKey:
    case kMinKey:
      return 0;
    case kBoolean:
      return 1;
    case kInt32:
      return sizeof(int32_t);
    case kDouble:
    case kDate:
    case kTimestamp:
    case kInt64:
      return sizeof(int64_t);
    case kObjectId:
      return kObjectIdBytes;
    case kDecimal128:
      return kDecimalBytes;
    case kText:
    case kCode:
    case kSymbol:
      return sized(rest, kLengthBytes);
    case kBinary:
      return sized(rest, kLengthBytes + 1);
    case kDbPointer:
      return sized(rest, kLengthBytes + kObjectIdBytes);
    case kDocument:
    case kArray:
    case kCodeWithScope:
      return sized(rest, 0);
    case kRegex:
      return size_of_regex(rest);
    default:
      fail("a value is of an unknown type");
  }
}

std::optional<int64_t> integer_of(double number) {
  if (!(number >= -kTwoToThe63 && number < kTwoToThe63) || number != std::trunc(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

}  // namespace

BsonValue::BsonValue(std::nullopt_t) : type_(kNull) {}
BsonValue::BsonValue(bool value) : type_(kBoolean), bytes_(1, value ? '\1' : '\0') {}
BsonValue::BsonValue(int64_t value) : type_(kInt64), bytes_(raw(value)) {}
BsonValue::BsonValue(const std::optional<Instant>& value)
    : BsonValue(value ? BsonValue(*value) : BsonValue(std::nullopt)) {}
BsonValue::BsonValue(std::string_view value) : type_(kText), bytes_(with_length(value)) {}
BsonValue::BsonValue(const Bson& value) : type_(kDocument), bytes_(value.bytes()) {}
BsonValue::BsonValue(const std::vector<BsonValue>& array)
    : type_(kArray), bytes_(document_of(array).bytes()) {}
BsonValue::BsonValue(const std::vector<Bson>& array) : type_(kArray), bytes_(document_of(array).bytes()) {}

BsonValue BsonValue::binary(std::string_view bytes) {
  constexpr char kGeneric = '\0';
  std::string value = raw(static_cast<int32_t>(bytes.size()));
  value.push_back(kGeneric);
  value.append(bytes);
  return {kBinary, std::move(value)};
}

Bson::Bson() : bytes_(raw(static_cast<int32_t>(kSmallestDocument))) { bytes_.push_back('\0'); }

Bson::Bson(std::initializer_list<Field> fields) : Bson() {
  for (const Field& field : fields) add(field.first, field.second);
}

Bson Bson::copy_of(std::string_view document) {
  Bson copy;
  copy.bytes_ = document;
  return copy;
}

Bson& Bson::add(std::string_view name, const BsonValue& value) {
  bytes_.back() = value.type_;  // in the place of the terminator
  bytes_.append(name);
  bytes_.push_back('\0');
  bytes_.append(value.bytes_);
  bytes_.push_back('\0');
  const auto size = static_cast<int32_t>(bytes_.size());
  std::memcpy(bytes_.data(), &size, sizeof size);
  return *this;
}

bool BsonElement::is_null() const { return type_ == kNull || type_ == kUndefined; }

std::optional<int64_t> BsonElement::integer() const {
  if (type_ == kInt64) return number_at<int64_t>(value_);
  if (type_ == kInt32) return number_at<int32_t>(value_);
  if (type_ == kDouble) return integer_of(number_at<double>(value_));
  return std::nullopt;
}

std::optional<std::string_view> BsonElement::text() const {
  if (type_ != kText) return std::nullopt;
  if (value_.size() <= kLengthBytes || value_.back() != '\0') fail("a text has no end");
  return value_.substr(kLengthBytes, value_.size() - kLengthBytes - 1);
}

std::optional<std::string_view> BsonElement::text_or_binary() const {
  return type_ == kBinary ? value_.substr(kLengthBytes + 1) : text();
}

std::optional<bool> BsonElement::boolean() const {
  if (type_ != kBoolean) return std::nullopt;
  return value_.front() != '\0';
}

std::optional<Instant> BsonElement::date() const {
  if (type_ != kDate) return std::nullopt;
  const std::chrono::milliseconds since_epoch{number_at<int64_t>(value_)};
  constexpr std::chrono::milliseconds kMost =
      std::chrono::duration_cast<std::chrono::milliseconds>(kLatestInstant.time_since_epoch());
  if (since_epoch > kMost || since_epoch < -kMost) return std::nullopt;
  return Instant{since_epoch};
}

std::optional<BsonView> BsonElement::document() const {
  if (type_ != kDocument && type_ != kArray) return std::nullopt;
  return BsonView(value_);
}

BsonView::BsonView(std::string_view bytes) : bytes_(bytes) {
  if (bytes.size() < kSmallestDocument || bytes.back() != '\0' ||
      number_at<int32_t>(bytes) != static_cast<int64_t>(bytes.size())) {
    fail("its length is not what it says");
  }
}

std::optional<BsonElement> BsonView::next(std::size_t& at) const {
  const std::string_view left = bytes_.substr(at, bytes_.size() - 1 - at);
  if (left.empty()) return std::nullopt;
  const std::size_t name_size = size_of_cstring(left.substr(1));
  const std::string_view rest = left.substr(1 + name_size);
  const std::size_t size = size_of_value(left.front(), rest);
  if (size > rest.size()) fail("a value is cut short");
  at += 1 + name_size + size;
  return BsonElement(left.front(), left.substr(1, name_size - 1), rest.substr(0, size));
}

std::optional<BsonElement> BsonView::find(std::string_view name) const {
  std::size_t at = kHeader;
  while (std::optional<BsonElement> element = next(at)) {
    if (element->name() == name) return element;
  }
  return std::nullopt;
}

std::optional<int64_t> BsonView::integer(std::string_view name) const {
  const std::optional<BsonElement> element = find(name);
  return element ? element->integer() : std::nullopt;
}

std::optional<std::string_view> BsonView::text(std::string_view name) const {
  const std::optional<BsonElement> element = find(name);
  return element ? element->text() : std::nullopt;
}

std::optional<BsonView> BsonView::document(std::string_view name) const {
  const std::optional<BsonElement> element = find(name);
  return element ? element->document() : std::nullopt;
}

}  // namespace duetime
