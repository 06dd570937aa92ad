// A certificate authority that lives as long as a test, for receivers that speak TLS.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace moai::test {

struct FreeSslContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// Makes a key and a certificate of its own, and certificates for servers. Throws std::runtime_error where OpenSSL
/// refuses.
class ThrowawayCa {
public:
    ThrowawayCa();
    ~ThrowawayCa();
    ThrowawayCa(const ThrowawayCa&) = delete;
    ThrowawayCa& operator=(const ThrowawayCa&) = delete;

    /// For a server that is `name`, signed by this authority.
    [[nodiscard]] SslContext server(const std::string& name) const;
    /// The same, signed by the server itself.
    [[nodiscard]] static SslContext self_signed(const std::string& name);
    /// A file with the authority's certificate; removed with it.
    [[nodiscard]] const std::string& file() const noexcept { return file_; }

private:
    struct Keys;
    std::unique_ptr<Keys> keys_;
    std::string file_;
};

}  // namespace moai::test
