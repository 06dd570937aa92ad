// Opens the listening socket of a "host:port" text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace moai::http {

struct ListenAddress {
    std::string host;  ///< without brackets
    std::string port;
};

/// Splits "host:port" or "[v6]:port". Throws ListenError saying what is wrong with the text.
[[nodiscard]] ListenAddress parse_listen_address(std::string_view text);

/// A non-blocking listening socket. Throws ListenError naming the address and the reason.
[[nodiscard]] base::UniqueFd open_listen_socket(const ListenAddress& address);

/// The port a socket is bound to.
[[nodiscard]] std::uint16_t bound_port(int fd);

}  // namespace moai::http
