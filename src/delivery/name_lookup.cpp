// look_up_name on getaddrinfo, whose errors are sorted into the name's and ours.
#include "delivery/name_lookup.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace moai::delivery {
namespace {

struct AddressDeleter {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

Resolution failure(int code, int error_number) {
    Resolution result;
    const bool ours =
        code == EAI_MEMORY || code == EAI_BADFLAGS || code == EAI_SOCKTYPE || code == EAI_FAMILY ||
        (code == EAI_SYSTEM && (error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM));
    result.status = ours ? Resolution::Status::our_fault : Resolution::Status::failed;
    result.error = code == EAI_SYSTEM ? std::generic_category().message(error_number) : gai_strerror(code);
    return result;
}

const void* address_of(const sockaddr* address) {
    return address->sa_family == AF_INET
               ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
               : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

}  // namespace

Resolution look_up_name(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    const int code = getaddrinfo(name.c_str(), nullptr, &hints, &raw);
    if (code != 0) {
        return failure(code, errno);
    }
    const std::unique_ptr<addrinfo, AddressDeleter> list(raw);
    Resolution result;
    for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) {
            continue;
        }
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (inet_ntop(entry->ai_family, address_of(entry->ai_addr), text.data(), text.size()) == nullptr) {
            continue;
        }
        const std::string address = text.data();
        if (std::find(result.addresses.begin(), result.addresses.end(), address) == result.addresses.end()) {
            result.addresses.push_back(address);
        }
    }
    if (result.addresses.empty()) {
        result.error = "the name has no address";
        return result;
    }
    result.status = Resolution::Status::found;
    return result;
}

}  // namespace moai::delivery
