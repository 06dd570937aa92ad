// A name server that never answers.
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace moai::bench {

/// Takes questions on 127.77.0.1:53 and keeps silent, until destroyed. Not thread-safe.
class DeadDns {
public:
    /// Throws std::system_error without the right to take the port.
    DeadDns();
    ~DeadDns();
    DeadDns(const DeadDns&) = delete;
    DeadDns& operator=(const DeadDns&) = delete;

    /// A file for Child that names it as the only server.
    [[nodiscard]] const std::string& resolv_conf() const noexcept { return file_; }

private:
    base::UniqueFd socket_;
    std::string file_;
};

}  // namespace moai::bench
