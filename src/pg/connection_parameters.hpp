// From the database URL that a person typed to what libpq is told: their settings plus ours.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace moai::pg {

/// What one connection is opened with. Immutable once made; safe to read from any thread.
class ConnectionParameters {
public:
    /// `database_url` is anything libpq takes: a URI or "key=value ...", or "" for the PG* environment variables.
    /// Ours, always: client_encoding UTF8 and, unless empty, `application_name`. Ours unless the URL says otherwise:
    /// connect_timeout 5 s, and keepalives that notice a vanished server within 25 s.
    /// Throws pg::Error (08001) if the text cannot be understood; no part that may be a password is repeated in it.
    ConnectionParameters(const std::string& database_url, const std::string& application_name);

    /// Zero-terminated arrays for PQconnectdbParams; valid as long as this object.
    [[nodiscard]] const char* const* keywords() const noexcept { return keyword_pointers_.data(); }
    [[nodiscard]] const char* const* values() const noexcept { return value_pointers_.data(); }

    /// The same in one "key='value' ..." string, password included: never log it.
    [[nodiscard]] std::string conninfo() const;

    [[nodiscard]] std::chrono::seconds connect_timeout() const noexcept { return connect_timeout_; }

    ConnectionParameters(const ConnectionParameters&) = delete;
    ConnectionParameters& operator=(const ConnectionParameters&) = delete;

private:
    [[nodiscard]] bool has(const std::string& keyword) const noexcept;
    void set(const std::string& keyword, const std::string& value);

    std::vector<std::string> keywords_, values_;
    std::vector<const char*> keyword_pointers_, value_pointers_;
    std::chrono::seconds connect_timeout_{5};
};

}  // namespace moai::pg
