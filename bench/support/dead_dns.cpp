#include "support/dead_dns.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace moai::bench {

DeadDns::DeadDns() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    ::inet_pton(AF_INET, "127.77.0.1", &address.sin_addr);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "a name server on 127.77.0.1:53");
    }
    std::array<char, 32> name{"/tmp/moai-bench-resolv-XXXXXX"};
    const base::UniqueFd file(::mkstemp(name.data()));
    constexpr std::string_view kText = "nameserver 127.77.0.1\n";
    if (!file || ::write(file.get(), kText.data(), kText.size()) != static_cast<ssize_t>(kText.size())) {
        throw std::system_error(errno, std::generic_category(), "a file for resolv.conf");
    }
    file_ = name.data();
}

DeadDns::~DeadDns() { ::unlink(file_.c_str()); }

}  // namespace moai::bench
