// ThrowawayCa on libcrypto: P-256 keys, certificates of a day.
#include "support/throwaway_ca.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace moai::test {
namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

constexpr long kDay = 24L * 60 * 60;

void require(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::runtime_error(std::string("throw-away CA: ") + what);
    }
}

Key new_key() {
    Key key(EVP_EC_gen("P-256"));
    require(key != nullptr, "no key");
    return key;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "an extension");
    X509_EXTENSION_free(extension);
}

/// Without `issuer` it signs itself.
Certificate certify(EVP_PKEY* key, const std::string& name, bool is_authority, X509* issuer, EVP_PKEY* signer) {
    static long last_serial = 0;
    Certificate certificate(X509_new());
    X509* const raw = certificate.get();
    require(raw != nullptr && X509_set_version(raw, X509_VERSION_3) == 1, "a certificate");
    ASN1_INTEGER_set(X509_get_serialNumber(raw), ++last_serial);
    X509_gmtime_adj(X509_getm_notBefore(raw), -kDay);
    X509_gmtime_adj(X509_getm_notAfter(raw), kDay);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* const above = issuer == nullptr ? raw : issuer;
    require(X509_set_issuer_name(raw, X509_get_subject_name(above)) == 1, "an issuer");
    require(X509_set_pubkey(raw, key) == 1, "a public key");
    extend(raw, above, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (is_authority) {
        extend(raw, above, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        extend(raw, above, NID_subject_alt_name, "DNS:" + name);
    }
    require(X509_sign(raw, signer, EVP_sha256()) > 0, "a signature");
    return certificate;
}

SslContext context_with(X509* certificate, EVP_PKEY* key) {
    SslContext context(SSL_CTX_new(TLS_server_method()));
    require(context != nullptr && SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context.get(), key) == 1,
            "a server");
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

}  // namespace

struct ThrowawayCa::Keys {
    Key key = new_key();
    Certificate certificate = certify(key.get(), "moai throw-away CA", true, nullptr, key.get());
};

ThrowawayCa::ThrowawayCa() : keys_(std::make_unique<Keys>()), file_("/tmp/moai-ca-XXXXXX") {
    const int fd = ::mkstemp(file_.data());
    require(fd >= 0, "no file");
    std::FILE* file = ::fdopen(fd, "w");
    const bool written = file != nullptr && PEM_write_X509(file, keys_->certificate.get()) == 1;
    require(file != nullptr && std::fclose(file) == 0 && written, "its file");
}

ThrowawayCa::~ThrowawayCa() { ::unlink(file_.c_str()); }

SslContext ThrowawayCa::server(const std::string& name) const {
    const Key key = new_key();
    return context_with(certify(key.get(), name, false, keys_->certificate.get(), keys_->key.get()).get(), key.get());
}

SslContext ThrowawayCa::self_signed(const std::string& name) {
    const Key key = new_key();
    return context_with(certify(key.get(), name, false, nullptr, key.get()).get(), key.get());
}

}  // namespace moai::test
