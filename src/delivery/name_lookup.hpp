// Host name to addresses, by the system's resolver. Blocks: Resolver runs it on threads of its own.
#pragma once

#include <string>
#include <vector>

namespace moai::delivery {

/// The addresses of a name, or why there are none.
struct Resolution {
    enum class Status {
        found,
        failed,     ///< the name does not exist, or its servers did not answer
        our_fault,  ///< this process could not ask: no memory, no descriptor, no thread
    };
    Status status = Status::failed;
    std::vector<std::string> addresses;  ///< in the order to try them: "192.0.2.1", "2001:db8::1"
    std::string error;                   ///< one line for people; empty if found
};

/// getaddrinfo, each address once. May take as long as resolv.conf says. Safe from any thread.
[[nodiscard]] Resolution look_up_name(const std::string& name);

}  // namespace moai::delivery
