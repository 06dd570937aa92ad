// Opens a listening socket.
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"
#include "config/values.hpp"

namespace moai::http {

/// A non-blocking listening socket. Throws ListenError naming the address and the reason.
[[nodiscard]] base::UniqueFd open_listen_socket(const config::ListenAddress& address);

/// The port a socket is bound to.
[[nodiscard]] std::uint16_t bound_port(int fd);

}  // namespace moai::http
