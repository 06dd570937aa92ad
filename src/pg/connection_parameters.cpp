// Parses database URLs by libpq's own rules and adds moai's defaults.
#include "pg/connection_parameters.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>

#include "pg/error.hpp"

namespace moai::pg {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

constexpr std::string_view kSchemes[] = {"postgresql://", "postgres://"};

/// libpq ends the password at the first '@' or '/': an unescaped one puts the rest of the password into the host or
/// database name, and from there into every error message. Such a URL is refused before libpq sees it.
void refuse_unescaped_password(std::string_view url) {
    for (const std::string_view scheme : kSchemes) {
        if (!url.starts_with(scheme)) {
            continue;
        }
        std::string_view rest = url.substr(scheme.size());
        const std::size_t credentials_end = rest.find_first_of("@/");
        if (credentials_end == std::string_view::npos) {
            return;
        }
        rest.remove_prefix(credentials_end + 1);
        if (rest.substr(0, rest.find('?')).find('@') != std::string_view::npos) {
            throw Error("08001",
                        "the database URL has an @ or / in its user name or password that is not percent-encoded", {},
                        "write @ as %40 and / as %2F");
        }
        return;
    }
}

/// libpq quotes what it stumbled over, which may be the password; option names alone are safe to repeat.
std::string without_secrets(std::string_view message) {
    while (!message.empty() && message.back() == '\n') {
        message.remove_suffix(1);
    }
    if (message.starts_with("invalid connection option") || message.starts_with("invalid URI query parameter")) {
        return std::string(message);
    }
    message = message.substr(0, message.find('"'));
    while (!message.empty() && (message.back() == ' ' || message.back() == ':')) {
        message.remove_suffix(1);
    }
    return std::string(message);
}

std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    return text + "'";
}

}  // namespace

ConnectionParameters::ConnectionParameters(const std::string& database_url, const std::string& application_name) {
    refuse_unescaped_password(database_url);
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(database_url.c_str(), &message));
    const std::unique_ptr<char, decltype(&PQfreemem)> message_owner(message, &PQfreemem);
    if (options == nullptr) {
        throw Error("08001",
                    "the database URL cannot be understood: " + without_secrets(message == nullptr ? "" : message), {},
                    "use postgresql://user:password@host:port/database or host=... dbname=... (see libpq's connection "
                    "strings)");
    }
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) {
            set(option->keyword, option->val);
        }
    }
    for (const auto& [keyword, value] : {std::pair{"connect_timeout", "5"}, std::pair{"keepalives", "1"},
                                         std::pair{"keepalives_idle", "10"}, std::pair{"keepalives_interval", "5"},
                                         std::pair{"keepalives_count", "3"}, std::pair{"tcp_user_timeout", "15000"}}) {
        if (!has(keyword)) {
            set(keyword, value);
        }
    }
    set("client_encoding", "UTF8");
    if (!application_name.empty()) {
        set("application_name", application_name);
    }

    for (std::size_t i = 0; i < keywords_.size(); ++i) {
        keyword_pointers_.push_back(keywords_[i].c_str());
        value_pointers_.push_back(values_[i].c_str());
        if (keywords_[i] == "connect_timeout") {
            int seconds = 0;
            std::from_chars(values_[i].data(), values_[i].data() + values_[i].size(), seconds);
            if (seconds > 0) {
                connect_timeout_ = std::chrono::seconds(seconds);
            }
        }
    }
    keyword_pointers_.push_back(nullptr);
    value_pointers_.push_back(nullptr);
}

std::string ConnectionParameters::conninfo() const {
    std::string text;
    for (std::size_t i = 0; i < keywords_.size(); ++i) {
        text += (i == 0 ? "" : " ") + keywords_[i] + "=" + quoted(values_[i]);
    }
    return text;
}

bool ConnectionParameters::has(const std::string& keyword) const noexcept {
    return std::find(keywords_.begin(), keywords_.end(), keyword) != keywords_.end();
}

void ConnectionParameters::set(const std::string& keyword, const std::string& value) {
    const auto found = std::find(keywords_.begin(), keywords_.end(), keyword);
    if (found != keywords_.end()) {
        values_[static_cast<std::size_t>(found - keywords_.begin())] = value;
        return;
    }
    keywords_.push_back(keyword);
    values_.push_back(value);
}

}  // namespace moai::pg
