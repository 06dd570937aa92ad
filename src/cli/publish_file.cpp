// moai publish --file: tells how it goes, what was refused, and how to go on if it ended early.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>

#include "app/database.hpp"
#include "app/file_publisher.hpp"
#include "app/terminal_text.hpp"
#include "base/unique_fd.hpp"
#include "cli/commands.hpp"
#include "cli/progress_line.hpp"
#include "log/log.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

using app::FilePublisher;
using config::ExitCode;
using config::Failure;
using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBarEvery{100};
constexpr std::chrono::seconds kLogEvery{10};

class Teller {
public:
    Teller(const config::Settings& settings, std::string name, std::optional<std::uint64_t> all_bytes)
        : json_(settings.json), bar_(!settings.json && isatty(STDERR_FILENO) != 0), name_(std::move(name)) {
        progress_.all_bytes = all_bytes;
    }

    void progress(const FilePublisher::Tally& tally) {
        const auto now = Clock::now();
        progress_.done_bytes = tally.bytes;
        progress_.lines = tally.lines;
        progress_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
        if (json_ || now < next_) {
            return;
        }
        next_ = now + (bar_ ? kBarEvery : kLogEvery);
        if (bar_) {
            fmt::print(stderr, "\r{}\033[K", progress_line(progress_));
            shown_ = true;
        } else {
            log::info("publishing", {{"file", name_},
                                     {"line", tally.lines},
                                     {"published", tally.published},
                                     {"duplicates", tally.duplicates},
                                     {"refused", tally.refused}});
        }
    }

    void refused(std::uint64_t line, const std::string& code, const std::string& error, const std::string& detail,
                 const std::string& hint) {
        clear_bar();
        if (json_) {
            const auto or_null = [](const std::string& text) {
                return text.empty() ? ordered_json() : ordered_json(text);
            };
            const ordered_json told{{"file", name_},         {"line", line},
                                    {"error", error},        {"detail", or_null(detail)},
                                    {"hint", or_null(hint)}, {"code", code}};
            fmt::print(stderr, "{}\n", told.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
            return;
        }
        fmt::print(stderr, "{}:{}: {}\n", name_, line, app::terminal_text(error));
        for (const auto& [name, text] : {std::pair{"detail", &detail}, {"hint", &hint}, {"code", &code}}) {
            if (!text->empty()) {
                fmt::print(stderr, "  {}: {}\n", name, app::terminal_text(*text));
            }
        }
    }

    void sum_up(const FilePublisher::Tally& tally, bool complete) {
        clear_bar();
        if (json_) {
            const ordered_json sum{{"published", tally.published},     {"duplicates", tally.duplicates},
                                   {"refused", tally.refused},         {"blank", tally.blank},
                                   {"without_key", tally.without_key}, {"complete", complete},
                                   {"next_line", tally.lines + 1}};
            fmt::print("{}\n", sum.dump());
            return;
        }
        const std::chrono::duration<double> elapsed = Clock::now() - start_;
        fmt::print("{} published, {} duplicates, {} refused, {} blank, in {:.1f} s\n", tally.published,
                   tally.duplicates, tally.refused, tally.blank, elapsed.count());
        if (tally.without_key > 0) {
            fmt::print(stderr,
                       "lines without an idempotency_key: {}; publishing this file again would publish them again "
                       "(--key-prefix gives them one)\n",
                       tally.without_key);
        }
    }

private:
    void clear_bar() {
        if (std::exchange(shown_, false)) {
            fmt::print(stderr, "\r\033[K");
        }
    }

    const bool json_, bar_;
    const std::string name_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_ + (bar_ ? Clock::duration(kBarEvery) : Clock::duration(kLogEvery));
    Progress progress_;
    bool shown_ = false;
};

struct Input {
    base::UniqueFd owned;
    int descriptor = STDIN_FILENO;
    std::string name = "standard input";
    std::optional<std::uint64_t> size;
};

Input open_input(const std::string& file) {
    Input input;
    if (file != "-") {
        input.owned.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        input.descriptor = input.owned.get();
        input.name = app::terminal_text(file);
    }
    struct stat facts {};
    int error = input.descriptor < 0 || fstat(input.descriptor, &facts) != 0 ? errno : 0;
    if (error == 0 && S_ISDIR(facts.st_mode)) {
        error = EISDIR;
    }
    if (error != 0) {
        throw Failure(ExitCode::configuration,
                      fmt::format("--file: cannot read {}: {}", input.name, std::generic_category().message(error)));
    }
    if (S_ISREG(facts.st_mode)) {
        input.size = static_cast<std::uint64_t>(facts.st_size);
    }
    return input;
}

FilePublisher::Options publisher_options(const config::Settings& settings, int descriptor) {
    using OnRefusal = decltype(FilePublisher::Options::on_refusal);
    const auto& asked = settings.publish;
    return {.descriptor = descriptor,
            .first_line = asked.from_line,
            .defaults = {.tenant = settings.tenant == "default" ? "" : settings.tenant, .key_prefix = asked.key_prefix},
            .on_refusal = asked.on_error == config::OnError::stop ? OnRefusal::stop : OnRefusal::skip};
}

std::string how_to_go_on(const FilePublisher::Tally& tally) {
    if (tally.without_key > 0) {
        return fmt::format("go on with --from-line {}: lines without an idempotency_key would be published again",
                           tally.lines + 1);
    }
    return "run the same command again while the keys are kept (24 h unless a line says otherwise): what is in is "
           "counted "
           "as a duplicate";
}

/// Why it did not come to the end of the file, or not with all its lines; nothing if all is well.
std::optional<Failure> fault(FilePublisher::Ended ended, const FilePublisher& publisher, const std::string& name) {
    const FilePublisher::Tally& tally = publisher.tally();
    switch (ended) {
        case FilePublisher::Ended::complete:
            if (tally.refused == 0) {
                return std::nullopt;
            }
            return Failure(ExitCode::failure,
                           fmt::format("refused lines of {}: {}; all others are in", name, tally.refused),
                           tally.without_key > 0 ? "mend those lines and publish them from a file of their own"
                                                 : "mend those lines and " + how_to_go_on(tally));
        case FilePublisher::Ended::refused:
            return Failure(
                ExitCode::failure,
                fmt::format("stopped at line {} of {}, which was refused: the lines before it are in, it and "
                            "those after it are not",
                            tally.lines + 1, name),
                "mend the line and " + how_to_go_on(tally) +
                    "; --on-error report tells such lines and publishes the others");
        case FilePublisher::Ended::interrupted:
            return Failure(ExitCode::interrupted,
                           fmt::format("{} after line {} of {}: what is up to there is in, nothing after it",
                                       publisher.signal(), tally.lines, name),
                           how_to_go_on(tally));
        case FilePublisher::Ended::unknown: break;
    }
    return Failure(
        ExitCode::database_unreachable,
        fmt::format("the connection broke in a COMMIT: the lines up to {} of {} are in, nothing after {}, and of "
                    "those between nobody knows",
                    tally.lines, name, publisher.last_tried()),
        tally.without_key > 0 ? "look whether they are in (moai.event), then go on with --from-line"
                              : how_to_go_on(tally));
}

/// The same for an error that ended it.
[[noreturn]] void tell_with(const pg::Error& error, const FilePublisher::Tally& tally, const std::string& name) {
    if (error.connection_lost()) {
        throw Failure(ExitCode::database_unreachable,
                      fmt::format("{} (the lines up to {} of {} are in)", error.what(), tally.lines, name),
                      how_to_go_on(tally));
    }
    if (error.sqlstate() == "42501" && std::string_view(error.what()).find("temporary") != std::string_view::npos) {
        throw Failure(ExitCode::failure, error.what(),
                      "the lines pass through a temporary table: GRANT TEMPORARY ON DATABASE … TO this login");
    }
    throw error;
}

}  // namespace

config::ExitCode publish_file(const config::Settings& settings) {
    const Input input = open_input(*settings.publish.file);
    pg::Connection database(app::database_of(settings), "moai publish");
    Teller teller(settings, input.name, input.size);
    FilePublisher publisher(
        database, publisher_options(settings, input.descriptor),
        {.on_progress = [&](const FilePublisher::Tally& tally) { teller.progress(tally); },
         .on_refused =
             [&](const auto& line) { teller.refused(line.number, line.code, line.message, line.detail, line.hint); }});
    auto ended = FilePublisher::Ended::unknown;
    try {
        ended = publisher.run();
    } catch (const pg::Error& error) {
        teller.sum_up(publisher.tally(), false);
        tell_with(error, publisher.tally(), input.name);
    } catch (const std::system_error& error) {
        teller.sum_up(publisher.tally(), false);
        throw Failure(ExitCode::failure,
                      fmt::format("cannot read {} after line {}: {}", input.name, publisher.tally().lines,
                                  error.code().message()),
                      how_to_go_on(publisher.tally()));
    }
    teller.sum_up(publisher.tally(), ended == FilePublisher::Ended::complete);
    if (const auto failure = fault(ended, publisher, input.name)) {
        throw Failure(*failure);
    }
    return ExitCode::ok;
}

}  // namespace moai::cli
