// Certificates for tests of TLS, made by the command openssl: once for the process, in a directory that is
// gone with it. Each is in NAME.crt, its private key in NAME.key.
//
//   ca        the authority that has signed all but the last two
//   server    of localhost and 127.0.0.1
//   stranger  of another host
//   expired   of localhost, until yesterday
//   client    of a client
//   other-ca  another authority
//   sealed    of a client, its key under a password
#pragma once

#include <string>

namespace duetime {

std::string certificate_file(const std::string& name);
std::string key_file(const std::string& name);

}  // namespace duetime
