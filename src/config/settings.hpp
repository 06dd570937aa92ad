// Every option's value, typed. Made by resolve(), read by app/ and cli/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/values.hpp"

namespace moai::config {

enum class LogFormat { human, json };
enum class LogLevel { debug, info, warning, error };
enum class OnError { stop, report };

/// Plain values; the defaults are in the option table, not here.
struct Settings {
    std::string config_file;
    LogFormat log_format = LogFormat::human;
    LogLevel log_level = LogLevel::info;

    std::optional<std::string> database_url;
    std::optional<std::string> maintenance_url;
    std::string database_url_origin;  ///< where it was found: "the command line", "DATABASE_URL"
    std::string data_dir;             ///< empty: app::DataDir knows the default
    bool wait = false;

    ListenAddress listen;
    std::vector<std::string> allowed_hosts;
    bool allow_unauthenticated = false;
    std::size_t api_connections = 0;

    std::size_t concurrency = 0;
    std::vector<base::Destination> egress_allow, egress_deny;
    bool egress_allow_metadata = false, egress_allow_only = false;
    std::chrono::milliseconds safety_interval{0};
    bool synchronous_commit = false;
    std::string worker_name;  ///< empty: host name and process id
    std::chrono::milliseconds drain_timeout{0};
    bool demo = false;

    bool json = false;
    std::string tenant;

    struct Publish {
        std::string type, payload;
        std::optional<std::string> idempotency_key;
        std::optional<std::string> file, key_prefix;
        std::uint64_t from_line = 0;
        OnError on_error = OnError::stop;
    } publish;

    /// What SQL parses (durations, numbers) stays text: one grammar, PostgreSQL's.
    struct Subscribe {
        std::string url;
        std::vector<std::string> types;
        std::optional<std::string> retry_schedule, give_up_on;  ///< lists, with commas
        std::optional<std::string> secret, format, timeout, max_attempts, retry_base, retry_factor, retry_cap,
            retry_jitter, max_in_flight, rate_limit, disable_after, method, headers, description;
    } subscribe;

    struct DeadLetters {
        std::string action;
        std::vector<std::string> ids;
        std::optional<std::string> subscription, tenant;
        std::uint64_t max_count = 0;
    } dead_letters;

    struct Verify {
        std::string file;                ///< may be -
        std::optional<std::int64_t> at;  ///< Unix seconds
        std::chrono::milliseconds tolerance{0};
    } verify;

    std::string receiver_secret;  ///< of listen and verify, as given: may be @FILE or -
};

}  // namespace moai::config
