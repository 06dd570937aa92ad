// The bytes of one connection of a fake receiver, with TLS or without.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace moai::test {

/// A connected, non-blocking socket. Not thread-safe.
class FakeStream {
public:
    /// Speaks TLS as a server of `context`, which must outlive it, unless that is null.
    FakeStream(base::UniqueFd fd, SSL_CTX* context);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Appends what has come to `in`. False when the other side has closed, or broke the rules.
    [[nodiscard]] bool read(std::string& in);
    /// How much of `bytes` was taken: nothing while the socket is full, and -1 when it is broken.
    [[nodiscard]] long write(std::string_view bytes);
    /// Its close will be a reset: the other side is told that something went wrong.
    void close_by_reset();

private:
    struct FreeSsl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    base::UniqueFd fd_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace moai::test
