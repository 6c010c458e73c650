#include "tests/support/certificates.h"

#include <cstdlib>
#include <stdexcept>

#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

// Curves, because their keys are made at once.
constexpr const char* kScript = R"(set -eu
cd "$0"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -days 2 \
    -keyout "$1.key" -out "$1.crt"
}
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  printf 'subjectAltName=%s\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.crt"
}
exec >openssl.log 2>&1
authority ca
authority other-ca
certificate server DNS:localhost,IP:127.0.0.1 2
certificate stranger DNS:other.example 2
certificate expired DNS:localhost,IP:127.0.0.1 -1
certificate client DNS:client.example 2
certificate sealed DNS:client.example 2
openssl ec -in sealed.key -aes256 -passout pass:secret -out sealed.key.new
mv sealed.key.new sealed.key
)";

class Certificates {
 public:
  Certificates() {
    const std::string command = std::string("sh -c '") + quoted(kScript) + "' " + directory_.path();
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl makes no certificates");
  }

  std::string file(const std::string& name) const { return directory_.file(name); }

 private:
  static std::string quoted(const std::string& script) {
    std::string text;
    for (const char c : script) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text;
  }

  TemporaryDirectory directory_;
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

}  // namespace

std::string certificate_file(const std::string& name) { return certificates().file(name + ".crt"); }
std::string key_file(const std::string& name) { return certificates().file(name + ".key"); }

}  // namespace duetime
