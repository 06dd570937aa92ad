// FakeStream: recv and send, or SSL_read and SSL_write, which shake hands by themselves.
#include "support/fake_stream.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <utility>

namespace moai::test {
namespace {

constexpr std::size_t kReadSize = std::size_t{64} * 1024;

}  // namespace

FakeStream::FakeStream(base::UniqueFd fd, SSL_CTX* context) : fd_(std::move(fd)) {
    if (context == nullptr) {
        return;
    }
    ssl_.reset(SSL_new(context));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) {
        throw std::bad_alloc();
    }
    SSL_set_accept_state(ssl_.get());
    // OpenSSL writes without MSG_NOSIGNAL, also from within SSL_read, and a client may have hung up.
    std::signal(SIGPIPE, SIG_IGN);
}

bool FakeStream::read(std::string& in) {
    std::array<char, kReadSize> buffer;
    if (!ssl_) {
        const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        in.append(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        return got > 0 || (got < 0 && errno == EAGAIN);
    }
    // To the end: what TLS has taken out of the socket wakes nobody.
    while (true) {
        ERR_clear_error();
        const int got = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0) {
            const int why = SSL_get_error(ssl_.get(), got);
            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
        }
        in.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

long FakeStream::write(std::string_view bytes) {
    if (!ssl_) {
        const auto put = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return put < 0 && errno == EAGAIN ? 0 : put;
    }
    ERR_clear_error();
    const int put = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (put > 0) {
        return put;
    }
    const int why = SSL_get_error(ssl_.get(), put);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void FakeStream::close_by_reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace moai::test
