// Why a database is not touched, or not served, although it could be reached.
#pragma once

#include <stdexcept>
#include <string>

namespace moai::migrate {

/// A database that moai will not work with. what() is one sentence for people; hint() the next step.
class Refused : public std::runtime_error {
public:
    enum class Reason {
        not_utf8,         ///< its encoding is not UTF8
        server_too_old,   ///< PostgreSQL before 15
        schema_is_newer,  ///< it had migrations that this binary does not know
        no_access,        ///< this login may not read what is installed
    };

    Refused(Reason reason, const std::string& message, std::string hint)
        : std::runtime_error(message), reason_(reason), hint_(std::move(hint)) {}

    [[nodiscard]] Reason reason() const noexcept { return reason_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

private:
    Reason reason_;
    std::string hint_;
};

}  // namespace moai::migrate
