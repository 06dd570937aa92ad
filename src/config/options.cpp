#include "config/options.hpp"

#include <array>

namespace moai::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::uint32_t bits(std::initializer_list<Command> commands) {
    std::uint32_t all = 0;
    for (const Command command : commands) {
        all |= static_cast<std::uint32_t>(command);
    }
    return all;
}

using enum Command;
constexpr auto kServers = bits({run, serve, work});
constexpr auto kApi = bits({run, serve});
constexpr auto kWorker = bits({run, work});
constexpr auto kDatabase = bits({run, serve, work, migrate, validate, publish, subscribe, status, dead_letters});
constexpr auto kLogging = kDatabase | bits({listen});

// clang-format off
const std::array kOptions{
    // name, value, variable, variable also, key, default, subcommands, help, check and store [, required, list]
    Option{"--config", "FILE", "MOAI_CONFIG", "", "", "", kLogging,
           "read options from FILE: lines of `key = value`, # starts a comment",
           [](Settings& s, std::string_view v) { s.config_file = parse_text(v); }},
    Option{"--log-format", "FORMAT", "MOAI_LOG_FORMAT", "", "log-format", "human", kLogging,
           "human: time, level and key=value; json: one object a line",
           [](Settings& s, std::string_view v) { s.log_format = static_cast<LogFormat>(parse_choice(v, {"human", "json"})); }},
    Option{"--log-level", "LEVEL", "MOAI_LOG_LEVEL", "", "log-level", "info", kLogging,
           "debug, info, warning or error",
           [](Settings& s, std::string_view v) { s.log_level = static_cast<LogLevel>(parse_choice(v, {"debug", "info", "warning", "error"})); }},

    Option{"--database-url", "URL", "MOAI_DATABASE_URL", "DATABASE_URL", "database-url", "", kDatabase,
           "the PostgreSQL database; without it, or with --data-dir on the command line, the embedded one",
           [](Settings& s, std::string_view v) { s.database_url = parse_database_url(v); }},
    Option{"--data-dir", "DIR", "MOAI_DATA_DIR", "", "data-dir", "", kDatabase,
           "where the embedded PostgreSQL lives; ~/.local/share/moai, as root /var/lib/moai",
           [](Settings& s, std::string_view v) { s.data_dir = parse_text(v); }},
    Option{"--wait", "", "MOAI_WAIT", "", "wait", "", bits({run, serve, work, migrate, validate}),
           "keep trying while the database is unreachable at start",
           [](Settings& s, std::string_view v) { s.wait = parse_switch(v); }},

    Option{"--listen", "HOST:PORT", "MOAI_LISTEN", "", "listen", "127.0.0.1:3000", kApi,
           "where the API listens; port 0 takes any free one and prints it",
           [](Settings& s, std::string_view v) { s.listen = parse_listen_address(v); }},
    Option{"--allowed-host", "NAME", "MOAI_ALLOWED_HOST", "", "allowed-host", "", kApi,
           "a name besides localhost that clients may use in Host; repeat it, or separate by commas",
           [](Settings& s, std::string_view v) { s.allowed_hosts.push_back(parse_host_name(v)); }, false, true},
    Option{"--allow-unauthenticated", "", "MOAI_ALLOW_UNAUTHENTICATED", "", "allow-unauthenticated", "", kApi,
           "listen on an address that others can reach, though every client may do everything",
           [](Settings& s, std::string_view v) { s.allow_unauthenticated = parse_switch(v); }},
    Option{"--api-connections", "N", "MOAI_API_CONNECTIONS", "", "api-connections", "16", kApi,
           "database connections, and threads, of the API, 3 to 256",
           [](Settings& s, std::string_view v) { s.api_connections = parse_count(v, 3, 256); }},

    Option{"--concurrency", "N", "MOAI_CONCURRENCY", "", "concurrency", "512", kWorker,
           "webhook requests in flight at once, 1 to 20000",
           [](Settings& s, std::string_view v) { s.concurrency = parse_count(v, 1, 20'000); }},
    Option{"--egress-allow", "WHERE", "MOAI_EGRESS_ALLOW", "", "egress-allow", "", kWorker,
           "an address, network or host, like 10.0.0.0/8, 10.1.2.3:8443 or .corp.example, that webhooks may go to although it is not public; repeat it, or separate by commas",
           [](Settings& s, std::string_view v) { s.egress_allow.push_back(parse_destination(v)); }, false, true},
    Option{"--egress-allow-metadata", "", "MOAI_EGRESS_ALLOW_METADATA", "", "egress-allow-metadata", "", kWorker,
           "webhooks may go to link-local addresses and to those at which clouds hand out credentials",
           [](Settings& s, std::string_view v) { s.egress_allow_metadata = parse_switch(v); }},
    Option{"--egress-allow-only", "", "MOAI_EGRESS_ALLOW_ONLY", "", "egress-allow-only", "", kWorker,
           "webhooks go to what --egress-allow names, and nowhere else",
           [](Settings& s, std::string_view v) { s.egress_allow_only = parse_switch(v); }},
    Option{"--egress-deny", "WHERE", "MOAI_EGRESS_DENY", "", "egress-deny", "", kWorker,
           "the same for what webhooks must not go to, be it public or named by --egress-allow; repeat it, or separate by commas",
           [](Settings& s, std::string_view v) { s.egress_deny.push_back(parse_destination(v)); }, false, true},
    Option{"--safety-interval", "DURATION", "MOAI_SAFETY_INTERVAL", "", "safety-interval", "30s", kWorker,
           "how often to look for due deliveries that nothing announced, 1s to 1h",
           [](Settings& s, std::string_view v) { s.safety_interval = parse_duration(v, milliseconds(1000), hours(1)); }},
    Option{"--synchronous-commit", "", "MOAI_SYNCHRONOUS_COMMIT", "", "synchronous-commit", "", kWorker,
           "wait for the disk at each claim and result: a crash of PostgreSQL then repeats no delivery that was recorded",
           [](Settings& s, std::string_view v) { s.synchronous_commit = parse_switch(v); }},
    Option{"--worker-name", "NAME", "MOAI_WORKER_NAME", "", "worker-name", "", kWorker,
           "the name in leases, attempts and logs; host name and process id",
           [](Settings& s, std::string_view v) { s.worker_name = parse_text(v); }},
    Option{"--drain-timeout", "DURATION", "MOAI_DRAIN_TIMEOUT", "", "drain-timeout", "25s", kServers,
           "after SIGTERM: how long requests in flight may take to end, 0s to 1h",
           [](Settings& s, std::string_view v) { s.drain_timeout = parse_duration(v, milliseconds(0), hours(1)); }},
    Option{"--maintenance-url", "URL", "MOAI_MAINTENANCE_URL", "", "maintenance-url", "", kWorker,
           "the same database by a login that may VACUUM and ANALYZE moai's tables, a member of moai_owner; default: the worker's own",
           [](Settings& s, std::string_view v) { s.maintenance_url = parse_database_url(v); }},
    Option{"--demo", "", "MOAI_DEMO", "", "demo", "", bits({run}),
           "add a receiver, a subscription and one event, so that the first delivery is seen",
           [](Settings& s, std::string_view v) { s.demo = parse_switch(v); }},

    Option{"--type", "TYPE", "", "", "", "", bits({publish}),
           "the event's type, like user.created; required without --file",
           [](Settings& s, std::string_view v) { s.publish.type = parse_text(v); }},
    Option{"--payload", "JSON|@FILE|-", "", "", "", "", bits({publish}),
           "the payload: JSON text, @ and a file's name, or - for standard input; required without --file",
           [](Settings& s, std::string_view v) { s.publish.payload = parse_text(v); }},
    Option{"--idempotency-key", "KEY", "", "", "", "", bits({publish}),
           "publish once only, however often this is repeated with KEY",
           [](Settings& s, std::string_view v) { s.publish.idempotency_key = parse_text(v); }},
    Option{"--file", "FILE|-", "", "", "", "", bits({publish}),
           "publish every line of FILE, or of standard input: JSON objects with type, payload and, if wanted, idempotency_key, tenant, idempotency_ttl",
           [](Settings& s, std::string_view v) { s.publish.file = parse_text(v); }},
    Option{"--key-prefix", "PREFIX", "", "", "", "", bits({publish}),
           "with --file: lines without an idempotency_key get PREFIX:LINE, so that the file can be published again without publishing an event twice",
           [](Settings& s, std::string_view v) { s.publish.key_prefix = parse_text(v); }},
    Option{"--on-error", "stop|report", "", "", "", "stop", bits({publish}),
           "with --file: at a line that is refused, stop there, or tell it and go on with the next",
           [](Settings& s, std::string_view v) { s.publish.on_error = static_cast<OnError>(parse_choice(v, {"stop", "report"})); }},
    Option{"--from-line", "N", "", "", "", "1", bits({publish}),
           "with --file: begin with line N",
           [](Settings& s, std::string_view v) { s.publish.from_line = parse_count(v, 1, 1'000'000'000'000); }},
    Option{"--tenant", "TENANT", "MOAI_TENANT", "", "tenant", "default", bits({publish, subscribe}),
           "whose event or subscription it is; with --file, of the lines that name none",
           [](Settings& s, std::string_view v) { s.tenant = parse_text(v); }},

    Option{"--url", "URL", "", "", "", "", bits({subscribe}),
           "the endpoint, http:// or https://",
           [](Settings& s, std::string_view v) { s.subscribe.url = parse_text(v); }, true},
    Option{"--types", "TYPE,...", "", "", "", "", bits({subscribe}),
           "event types: exact (user.created), a prefix (user.*) or all (*)",
           [](Settings& s, std::string_view v) { s.subscribe.types.emplace_back(v); }, true, true},
    Option{"--secret", "whsec_...|@FILE|-", "", "", "", "", bits({subscribe}),
           "the signing secret, or keygen's: itself, @ and a file's name, or - for standard input; made and printed if not given",
           [](Settings& s, std::string_view v) { s.subscribe.secret = parse_text(v); }},
    Option{"--format", "FORMAT", "", "", "", "", bits({subscribe}),
           "standard ({type, timestamp, data}), raw (the payload's own bytes), cloudevents or cloudevents-binary",
           [](Settings& s, std::string_view v) { s.subscribe.format = parse_text(v); }},
    Option{"--timeout", "INTERVAL", "", "", "", "", bits({subscribe}),
           "how long one request may take, up to 60s; database default 15s",
           [](Settings& s, std::string_view v) { s.subscribe.timeout = parse_text(v); }},
    Option{"--max-attempts", "N", "", "", "", "", bits({subscribe}),
           "tries before a delivery becomes a dead letter; database default 8, or by --retry-schedule",
           [](Settings& s, std::string_view v) { s.subscribe.max_attempts = parse_text(v); }},
    Option{"--retry-base", "INTERVAL", "", "", "", "", bits({subscribe}),
           "the wait after the first failure; database default 5s",
           [](Settings& s, std::string_view v) { s.subscribe.retry_base = parse_text(v); }},
    Option{"--retry-factor", "NUMBER", "", "", "", "", bits({subscribe}),
           "each further wait is so many times longer; database default 5",
           [](Settings& s, std::string_view v) { s.subscribe.retry_factor = parse_text(v); }},
    Option{"--retry-cap", "INTERVAL", "", "", "", "", bits({subscribe}),
           "the longest wait; database default 24h",
           [](Settings& s, std::string_view v) { s.subscribe.retry_cap = parse_text(v); }},
    Option{"--retry-jitter", "NUMBER", "", "", "", "", bits({subscribe}),
           "the part of each wait that is added by chance, 0 to 1; database default 0.1",
           [](Settings& s, std::string_view v) { s.subscribe.retry_jitter = parse_text(v); }},
    Option{"--retry-schedule", "INTERVAL,...", "", "", "", "", bits({subscribe}),
           "these waits, in place of base, factor and cap: 5s,1m,10m",
           [](Settings& s, std::string_view v) { s.subscribe.retry_schedule = parse_text(v); }},
    Option{"--give-up-on", "STATUS,...", "", "", "", "", bits({subscribe}),
           "statuses from 400 to 499 that make a dead letter at once; database default none",
           [](Settings& s, std::string_view v) { s.subscribe.give_up_on = parse_text(v); }},
    Option{"--max-in-flight", "N", "", "", "", "", bits({subscribe}),
           "requests under way at once, for each worker process; database default half of its --concurrency",
           [](Settings& s, std::string_view v) { s.subscribe.max_in_flight = parse_text(v); }},
    Option{"--rate-limit", "NUMBER", "", "", "", "", bits({subscribe}),
           "requests a second, for each worker process; database default none",
           [](Settings& s, std::string_view v) { s.subscribe.rate_limit = parse_text(v); }},
    Option{"--disable-after", "INTERVAL", "", "", "", "", bits({subscribe}),
           "so long nothing but failures disables it, 0: never; database default 5 days",
           [](Settings& s, std::string_view v) { s.subscribe.disable_after = parse_text(v); }},
    Option{"--method", "METHOD", "", "", "", "", bits({subscribe}),
           "POST or PUT; database default POST",
           [](Settings& s, std::string_view v) { s.subscribe.method = parse_text(v); }},
    Option{"--headers", "JSON|@FILE|-", "", "", "", "", bits({subscribe}),
           "an object of further headers and their values: itself, @ and a file's name, or - for standard input",
           [](Settings& s, std::string_view v) { s.subscribe.headers = parse_text(v); }},
    Option{"--description", "TEXT", "", "", "", "", bits({subscribe}),
           "a note for people",
           [](Settings& s, std::string_view v) { s.subscribe.description = parse_text(v); }},

    // Not MOAI_LISTEN: a shell that names the API's address must not send the receiver to the same port.
    Option{"--listen", "HOST:PORT", "", "", "", "127.0.0.1:3001", bits({listen}),
           "where to receive; port 0 takes any free one and prints it",
           [](Settings& s, std::string_view v) { s.listen = parse_listen_address(v); }},
    Option{"--secret", "whsec_...|@FILE|-", "MOAI_SECRET", "", "", "", bits({listen, verify}),
           "the subscription's secret, as for subscribe, or public key; listen answers 401 to requests that it does not sign",
           [](Settings& s, std::string_view v) { s.receiver_secret = parse_text(v); }, true},

    Option{"FILE", "FILE|-", "", "", "", "", bits({verify}),
           "the request as it was captured, or - for standard input: headers, an empty line, and the body's bytes",
           [](Settings& s, std::string_view v) { s.verify.file = parse_text(v); }, true},
    Option{"--at", "SECONDS", "", "", "", "", bits({verify}),
           "judge its age by this time, in Unix seconds; now",
           [](Settings& s, std::string_view v) { s.verify.at = static_cast<std::int64_t>(parse_count(v, 0, 100'000'000'000)); }},
    Option{"--tolerance", "DURATION", "", "", "", "5m", bits({verify}),
           "how far its time may be from that, 0s to 8760h; the libraries of Standard Webhooks take 5m",
           [](Settings& s, std::string_view v) { s.verify.tolerance = parse_duration(v, milliseconds(0), hours(8760)); }},

    Option{"ACTION", "list|redrive|discard", "", "", "", "list", bits({dead_letters}),
           "what to do with dead letters",
           [](Settings& s, std::string_view v) { static_cast<void>(parse_choice(v, {"list", "redrive", "discard"})); s.dead_letters.action = v; }},
    Option{"ID", "ID...", "", "", "", "", bits({dead_letters}),
           "delivery ids; discard needs at least one, redrive takes all that match without any",
           [](Settings& s, std::string_view v) { s.dead_letters.ids.push_back(parse_text(v)); }, false, true},
    Option{"--subscription", "ID", "", "", "", "", bits({dead_letters}),
           "only those of this subscription (list, redrive)",
           [](Settings& s, std::string_view v) { s.dead_letters.subscription = parse_text(v); }},
    Option{"--tenant", "TENANT", "", "", "", "", bits({dead_letters}),
           "only those of this tenant (list, redrive)",
           [](Settings& s, std::string_view v) { s.dead_letters.tenant = parse_text(v); }},
    Option{"--max", "N", "", "", "", "1000", bits({dead_letters}),
           "at most so many, 1 to 10000 (list, redrive)",
           [](Settings& s, std::string_view v) { s.dead_letters.max_count = parse_count(v, 1, 10'000); }},

    Option{"--json", "", "", "", "", "", bits({migrate, validate, publish, subscribe, listen, verify, keygen, status, dead_letters, version}),
           "answer in JSON; errors too, on standard error",
           [](Settings& s, std::string_view v) { s.json = parse_switch(v); }},
};
// clang-format on

}  // namespace

std::span<const Option> options() { return kOptions; }

}  // namespace moai::config
