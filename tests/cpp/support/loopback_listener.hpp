// A listening socket on 127.0.0.1 whose queue of waiting connections can be made to overflow.
#pragma once

#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"

namespace moai::test {

/// Not thread-safe. Throws std::system_error where the kernel refuses.
class LoopbackListener {
public:
    /// Bound to a port of the kernel's choice; listens once listen() is called.
    LoopbackListener();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Queues as many connections as the kernel allows; takes back fill_queue().
    void listen();
    /// From now on the kernel drops each SYN: a client's connect does not finish.
    void fill_queue();
    /// The next connection, without blocking and without delay for small packets; empty if none waits.
    [[nodiscard]] base::UniqueFd accept() const;

private:
    base::UniqueFd fd_;
    std::uint16_t port_ = 0;
    std::vector<base::UniqueFd> fillers_;
};

}  // namespace moai::test
