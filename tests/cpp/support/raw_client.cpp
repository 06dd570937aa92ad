// Blocking sockets and poll().
#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace moai::test {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

RawResponse parse_head(std::string_view head) {
    RawResponse response;
    response.status = std::stoi(std::string(head.substr(head.find(' ') + 1, 3)));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
        const auto end = head.find("\r\n", at);
        const auto line = head.substr(at, end - at);
        const auto colon = line.find(": ");
        response.headers[lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
        at = end + 2;
    }
    return response;
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect");
    }
}

std::string post_request(const std::string& path, const std::string& json) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(json.size()) + "\r\n\r\n" + json;
}

bool has_read_everything(std::uint16_t port) {
    std::ifstream sockets("/proc/net/tcp");
    std::string line;
    std::getline(sockets, line);
    while (std::getline(sockets, line)) {
        std::istringstream fields(line);
        std::string number, local, remote, state, queues;
        fields >> number >> local >> remote >> state >> queues;
        // "0100007F:0BB8", "01" (established), "tx:rx", all in hexadecimal.
        const bool is_served = state == "01" && std::stoi(local.substr(local.find(':') + 1), nullptr, 16) == port;
        if (is_served && std::stoul(queues.substr(queues.find(':') + 1), nullptr, 16) > 0) {
            return false;
        }
    }
    return true;
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

std::optional<RawResponse> RawClient::receive(bool head_only, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::size_t blank = 0;
    while ((blank = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (fill(deadline) != Got::data) {
            return std::nullopt;
        }
    }
    RawResponse response = parse_head(std::string_view(buffer_).substr(0, blank + 2));
    buffer_.erase(0, blank + 4);
    const auto length = response.headers.find("content-length");
    const std::size_t wanted = head_only || length == response.headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < wanted) {
        if (fill(deadline) != Got::data) {
            return std::nullopt;
        }
    }
    response.body = buffer_.substr(0, wanted);
    buffer_.erase(0, wanted);
    return response;
}

bool RawClient::closed(std::chrono::milliseconds patience) {
    return buffer_.empty() && fill(std::chrono::steady_clock::now() + patience) == Got::end;
}

std::string RawClient::receive_rest(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (fill(deadline) == Got::data) {
    }
    return std::exchange(buffer_, {});
}

RawClient::Got RawClient::fill(std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{socket_.get(), POLLIN, 0};
    if (left.count() < 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
        return Got::failure;
    }
    char chunk[16'384];
    const auto got = ::recv(socket_.get(), chunk, sizeof chunk, 0);
    if (got > 0) {
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
    return got > 0 ? Got::data : got == 0 ? Got::end : Got::failure;
}

}  // namespace moai::test
