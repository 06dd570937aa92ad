// From the database URL that a person typed to what libpq is told: their settings plus ours.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace moai::pg {

/// What one connection is opened with. Immutable once made; safe to read from any thread.
class ConnectionParameters {
public:
    /// `database_url` is anything libpq takes: a URI or "key=value ...", or "" for the PG* environment variables.
    /// Ours, always: client_encoding UTF8 and, unless empty, `application_name`. Ours unless the URL says otherwise:
    /// connect_timeout 5 s, keepalives that notice a vanished server within 25 s, and, where several servers are named,
    /// target_session_attrs read-write.
    /// Throws pg::Error (08001) if the text cannot be understood; no part that may be a password is repeated in it.
    ConnectionParameters(const std::string& database_url, const std::string& application_name);

    /// The same for one of the servers() that `all` names.
    ConnectionParameters(const ConnectionParameters& all, std::size_t server);

    /// How many servers are named ("host=a,b"); 1 where none is.
    [[nodiscard]] std::size_t servers() const;

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
    [[nodiscard]] std::string value_of(const std::string& keyword) const;
    void set(const std::string& keyword, const std::string& value);
    void take_servers_from_environment();
    void point();

    std::vector<std::string> keywords_, values_;
    std::vector<const char*> keyword_pointers_, value_pointers_;
    std::chrono::seconds connect_timeout_{5};
};

/// What may be told of a database URL: made from what libpq understood of it, never by cutting its text.
struct DatabaseTarget {
    std::string text;           ///< "user@host:port/database", without the parts that are not given
    bool has_password = false;  ///< the URL holds one, so it must not be shown itself
};
/// Nothing for a URL that ConnectionParameters would refuse: any part of it may be a password.
[[nodiscard]] std::optional<DatabaseTarget> describe_database(const std::string& database_url);

}  // namespace moai::pg
