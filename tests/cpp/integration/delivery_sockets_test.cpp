// curl_sockets: the promises of src/delivery/curl_sockets.hpp, one test each, on real sockets.
#include "delivery/curl_sockets.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "support/loopback_listener.hpp"
#include "support/run_until.hpp"

namespace moai::delivery {
namespace {

class CurlSocketsTest : public ::testing::Test {
protected:
    CurlSocketsTest() {
        listener.listen();
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(listener.port());
        address.family = AF_INET;
        address.socktype = SOCK_STREAM;
        address.protocol = IPPROTO_TCP;
        address.addrlen = sizeof to;
        std::memcpy(&address.addr, &to, sizeof to);
    }
    /// A socket that is connected.
    curl_socket_t connected() {
        const curl_socket_t fd = sockets.open(address);
        EXPECT_NE(fd, CURL_SOCKET_BAD);
        EXPECT_EQ(::connect(fd, &address.addr, address.addrlen), 0);
        return fd;
    }
    [[nodiscard]] bool becomes_ready() {
        ready.clear();
        return test::run_until(
            loop, [this] { return !ready.empty(); }, std::chrono::seconds(10));
    }

    test::LoopbackListener listener;
    curl_sockaddr address{};
    base::EventLoop loop;
    std::vector<int> ready;  ///< the masks
    std::size_t open = 0;
    CurlSockets sockets{loop,
                        {.on_ready =
                             [this](curl_socket_t fd, int mask) {
                                 ready.push_back(mask);
                                 sockets.want(fd, CURL_POLL_REMOVE);
                                 loop.stop();
                             },
                         .on_count = [this](std::size_t count) { open = count; }}};
};

TEST_F(CurlSocketsTest, CountsThoseThatAreOpen) {
    const curl_socket_t first = connected(), second = connected();
    EXPECT_EQ(open, 2U);
    sockets.close(first);
    EXPECT_EQ(open, 1U);
    sockets.close(second);
    EXPECT_EQ(open, 0U);
}

TEST_F(CurlSocketsTest, ASocketWithTheNumberOfAClosedOneIsWatchedAnew) {
    const curl_socket_t first = connected();
    sockets.want(first, CURL_POLL_OUT);
    ASSERT_TRUE(becomes_ready());
    sockets.close(first);
    const curl_socket_t second = connected();
    ASSERT_EQ(first, second) << "the kernel gives the lowest number";
    sockets.want(second, CURL_POLL_OUT);
    EXPECT_TRUE(becomes_ready());
    sockets.close(second);
}

}  // namespace
}  // namespace moai::delivery
