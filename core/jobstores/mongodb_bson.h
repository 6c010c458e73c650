// BSON, MongoDB's binary form of documents: written from values, and read with every length checked, since
// what a server sends comes from outside. Values are never parsed from text, so nothing that a user wrote can
// become an operator.
//
// Threads: a document may be read by many at the same time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/uuid.h"
#include "core/time/instant.h"

namespace duetime {

class Bson;

// One value: null, boolean, 64-bit integer, text, bytes, document or array. Identities are texts, instants
// are integers.
class BsonValue {
 public:
  BsonValue(std::nullopt_t);
  BsonValue(bool value);
  BsonValue(int64_t value);
  BsonValue(int value) : BsonValue(int64_t{value}) {}
  BsonValue(Instant value) : BsonValue(to_micros(value)) {}
  BsonValue(const std::optional<Instant>& value);
  BsonValue(std::string_view value);
  BsonValue(const std::string& value) : BsonValue(std::string_view(value)) {}
  BsonValue(const char* value) : BsonValue(std::string_view(value)) {}
  BsonValue(const Uuid& value) : BsonValue(std::string_view(to_string(value))) {}
  BsonValue(const Bson& value);
  BsonValue(const std::vector<BsonValue>& array);
  BsonValue(const std::vector<Bson>& array);

  static BsonValue binary(std::string_view bytes);

 private:
  friend class Bson;
  BsonValue(char type, std::string bytes) : type_(type), bytes_(std::move(bytes)) {}

  char type_;
  std::string bytes_;
};

// A document being written: Bson{{"_id", id}, {"version", 5}}.
class Bson {
 public:
  using Field = std::pair<std::string_view, BsonValue>;

  Bson();
  Bson(std::initializer_list<Field> fields);

  // A document that was read, as it is.
  static Bson copy_of(std::string_view document);

  // Names are ours and have no NUL.
  Bson& add(std::string_view name, const BsonValue& value);

  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class BsonView;

// A named value within a document that was read. Each accessor answers nullopt for another type.
class BsonElement {
 public:
  std::string_view name() const { return name_; }
  bool is_null() const;

  std::optional<int64_t> integer() const;  // also of a double without a fraction: shells write those
  std::optional<std::string_view> text() const;
  std::optional<std::string_view> text_or_binary() const;
  std::optional<bool> boolean() const;
  std::optional<Instant> date() const;       // BSON's own, of a server's clock
  std::optional<BsonView> document() const;  // or array

 private:
  friend class BsonView;
  BsonElement(char type, std::string_view name, std::string_view value)
      : type_(type), name_(name), value_(value) {}

  char type_;
  std::string_view name_;
  std::string_view value_;
};

// A document that was read. The bytes belong to somebody else.
class BsonView {
 public:
  // Throws kStoreCorrupt unless the document as a whole has the length it says; each element is checked when
  // it is come to.
  explicit BsonView(std::string_view bytes);

  std::string_view bytes() const { return bytes_; }

  std::optional<BsonElement> find(std::string_view name) const;

  // Visits the elements in order. Throws kStoreCorrupt at one that is cut short or of an unknown type.
  template <typename Visit>
  void for_each(Visit visit) const {
    std::size_t at = kHeader;
    while (const std::optional<BsonElement> element = next(at)) visit(*element);
  }

  // Of the element of that name; nullopt where it is missing or of another type.
  std::optional<int64_t> integer(std::string_view name) const;
  std::optional<std::string_view> text(std::string_view name) const;
  std::optional<BsonView> document(std::string_view name) const;

 private:
  static constexpr std::size_t kHeader = 4;

  std::optional<BsonElement> next(std::size_t& at) const;

  std::string_view bytes_;
};

}  // namespace duetime
