// Parses database URLs by libpq's own rules and adds moai's defaults.
#include "pg/connection_parameters.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
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

/// A slash in a password makes libpq take what stands before it for the port, and name it in its error messages.
void require_port_numbers(std::string_view ports) {
    if (ports.find_first_not_of("0123456789,") != std::string_view::npos) {
        throw Error("08001", "the database URL has a port that is not a number", {},
                    "in a user name or password write : as %3A, / as %2F, ? as %3F and @ as %40");
    }
}

/// The name of an unknown option helps who mistyped it, but behind a password with unescaped marks it is a part of it.
bool may_name_options(std::string_view url) {
    std::string settings(url);
    if (settings.find("://") != std::string::npos) {
        const std::size_t query = settings.find('?');
        settings = query == std::string::npos ? "" : settings.substr(query);
    }
    std::transform(settings.begin(), settings.end(), settings.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return settings.find("pass") == std::string::npos && settings.find_first_of("%@:") == std::string::npos;
}

/// libpq quotes what it stumbled over, which may be the password; option names alone are safe to repeat.
std::string without_secrets(std::string_view message, std::string_view url) {
    while (!message.empty() && message.back() == '\n') {
        message.remove_suffix(1);
    }
    const bool names_option =
        message.starts_with("invalid connection option") || message.starts_with("invalid URI query parameter");
    if (names_option && may_name_options(url)) {
        return std::string(message);
    }
    message = message.substr(0, message.find('"'));
    while (!message.empty() && (message.back() == ' ' || message.back() == ':')) {
        message.remove_suffix(1);
    }
    return std::string(message);
}

using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// Throws Error (08001) without any part of the URL that may be a password.
Options parse(const std::string& url) {
    refuse_unescaped_password(url);
    char* message = nullptr;
    Options options(PQconninfoParse(url.c_str(), &message));
    const std::unique_ptr<char, decltype(&PQfreemem)> message_owner(message, &PQfreemem);
    if (options == nullptr) {
        throw Error("08001",
                    "the database URL cannot be understood: " + without_secrets(message == nullptr ? "" : message, url),
                    {},
                    "use postgresql://user:password@host:port/database or host=... dbname=... (see libpq's connection "
                    "strings)");
    }
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr && std::string_view(option->keyword) == "port") {
            require_port_numbers(option->val);
        }
    }
    return options;
}

/// libpq's default of target_session_attrs.
constexpr std::string_view kAny = "any";

/// "a,b,c"; one empty item in the empty text.
std::vector<std::string> items_of(std::string_view list) {
    std::vector<std::string> items;
    for (std::size_t from = 0; from <= list.size();) {
        const std::size_t end = std::min(list.find(',', from), list.size());
        items.emplace_back(list.substr(from, end - from));
        from = end + 1;
    }
    return items;
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
    const Options options = parse(database_url);
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
    take_servers_from_environment();
    if (servers() > 1 && !has("target_session_attrs")) {
        set("target_session_attrs", "read-write");
    }
    set("client_encoding", "UTF8");
    if (!application_name.empty()) {
        set("application_name", application_name);
    }
    point();
}

ConnectionParameters::ConnectionParameters(const ConnectionParameters& all, std::size_t server)
    : keywords_(all.keywords_), values_(all.values_) {
    for (const char* keyword : {"host", "hostaddr", "port"}) {
        const auto items = items_of(value_of(keyword));
        if (items.size() > 1 && items.size() != all.servers()) {
            throw Error("08001", "the database URL names another number of hosts than of addresses or ports");
        }
        if (items.size() > 1) {
            set(keyword, items[server]);
        }
    }
    point();
}

std::size_t ConnectionParameters::servers() const {
    const std::string addresses = value_of("hostaddr");
    return items_of(addresses.empty() ? value_of("host") : addresses).size();
}

/// PGHOST may hold a list too. A service's servers are libpq's own matter.
void ConnectionParameters::take_servers_from_environment() {
    if (has("host") || has("hostaddr") || has("service")) {
        return;
    }
    const std::unique_ptr<PQconninfoOption, FreeOptions> defaults(PQconndefaults());
    std::vector<std::pair<std::string, std::string>> found;
    bool is_list = false;
    for (const PQconninfoOption* option = defaults.get(); option != nullptr && option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        if (option->val == nullptr) {
            continue;
        }
        if (keyword == "host" || keyword == "hostaddr") {
            is_list = is_list || items_of(option->val).size() > 1;
            found.emplace_back(keyword, option->val);
        } else if ((keyword == "port" && !has("port")) || (keyword == "target_session_attrs" && option->val != kAny)) {
            found.emplace_back(keyword, option->val);
        }
    }
    for (const auto& [keyword, value] : found) {
        if (is_list) {
            set(keyword, value);
        }
    }
}

void ConnectionParameters::point() {
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

std::string ConnectionParameters::value_of(const std::string& keyword) const {
    const auto found = std::find(keywords_.begin(), keywords_.end(), keyword);
    return found == keywords_.end() ? std::string() : values_[static_cast<std::size_t>(found - keywords_.begin())];
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

std::optional<DatabaseTarget> describe_database(const std::string& database_url) {
    Options options;
    try {
        options = parse(database_url);
    } catch (const Error&) {
        return std::nullopt;
    }
    DatabaseTarget target;
    std::string user, host, port, database;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const std::string value = option->val == nullptr ? "" : option->val;
        target.has_password |= !value.empty() && (keyword == "password" || keyword == "sslpassword");
        for (const auto& [name, part] : {std::pair{"user", &user}, std::pair{"host", &host}, std::pair{"port", &port},
                                         std::pair{"dbname", &database}}) {
            if (keyword == name) {
                *part = value;
            }
        }
        if (keyword == "hostaddr" && host.empty()) {
            host = value;
        }
    }
    // A database's name may itself be a connection string, to those who expand it.
    if (database.find('=') != std::string::npos || database.find("://") != std::string::npos) {
        database = "***";
    }
    target.text = (user.empty() ? "" : user + "@") + host + (port.empty() ? "" : ":" + port) +
                  (database.empty() ? "" : "/" + database);
    return target;
}

}  // namespace moai::pg
