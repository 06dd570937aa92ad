#include "app/file_publisher.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "api/utf8.hpp"
#include "config/exit_code.hpp"
#include "store/rest_backend.hpp"

namespace moai::app {
namespace {

using namespace std::chrono_literals;
using store::EventIntake;

// The database holds a batch several times while it reads it.
constexpr std::size_t kMostBatchBytes = std::size_t{4} * 1'024 * 1'024;

}  // namespace

FilePublisher::FilePublisher(pg::Connection& connection, Options options, Callbacks callbacks)
    : connection_(connection),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      intake_(connection),
      reader_([this](std::span<char> into) { return read(into); }, kLongestEventLine) {
    const std::pair<const char*, std::string> texts[] = {{"--tenant", options_.defaults.tenant},
                                                         {"--key-prefix", options_.defaults.key_prefix.value_or("")}};
    for (const auto& [option, text] : texts) {
        if (!api::is_text(text)) {
            throw config::Failure(config::ExitCode::configuration, fmt::format("{} is not UTF-8", option));
        }
    }
    connection_.interrupt_by(signals_.descriptor(), [this] {
        std::ignore = signals_.wait(0ms);
        signals_.let_through();
    });
}

FilePublisher::Ended FilePublisher::run() {
    for (base::LineReader::Line line; !over() && reader_.next(line) && !over();) {
        take(line);
    }
    if (!over()) {
        flush();
    }
    return unknown_ ? Ended::unknown : interrupted_ ? Ended::interrupted : refused_ ? Ended::refused : Ended::complete;
}

/// Ends the input, too, when the publisher is to end.
std::size_t FilePublisher::read(std::span<char> into) {
    if (!batch_.empty() && signals_.wait(0ms, {options_.descriptor}) == StopSignals::Woken::timeout) {
        flush();
    }
    if (over()) {
        return 0;
    }
    for (;;) {
        if (signals_.wait(std::nullopt, {options_.descriptor}) == StopSignals::Woken::signal) {
            interrupted_ = true;
            signals_.let_through();
            return 0;
        }
        const ssize_t got = ::read(options_.descriptor, into.data(), into.size());
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR && errno != EAGAIN) {
            throw std::system_error(errno, std::generic_category(), "read");
        }
    }
}

void FilePublisher::take(const base::LineReader::Line& line) {
    read_.lines = line.number;
    read_.bytes = reader_.consumed();
    if (line.number < options_.first_line) {
        return;
    }
    if (line.too_long) {
        refuse(line.number, too_long_event_line(line.length));
        return;
    }
    if (line.text.find_first_not_of(" \t\r") == std::string_view::npos) {
        ++read_.blank;
        return;
    }
    std::string text(line.text);
    EventLineFacts facts;
    if (const auto problem = complete_event_line(text, line.number, options_.defaults, facts)) {
        refuse(line.number, *problem);
        return;
    }
    read_.without_key += facts.has_key ? 0 : 1;
    batch_bytes_ += text.size();
    batch_.push_back({line.number, std::move(text)});
    if (batch_.size() == EventIntake::kMostLines || batch_bytes_ >= kMostBatchBytes) {
        flush();
    }
}

void FilePublisher::refuse(std::uint64_t number, const api::Problem& problem) {
    batch_refused_.push_back(
        {number, fmt::format("MO{}", problem.status), problem.detail, problem.values, problem.hint});
    if (options_.on_refusal == EventIntake::OnRefusal::stop || batch_refused_.size() == EventIntake::kMostLines) {
        flush();
    }
}

void FilePublisher::flush() {
    store::Taken taken;
    try {
        publish_batch(taken);
    } catch (const pg::Error&) {
        account(taken, false);
        throw;
    }
    account(taken, !interrupted_ && !unknown_);
    if (interrupted_ || unknown_) {
        return;
    }
    if (options_.on_refusal == EventIntake::OnRefusal::stop && tally_.refused > 0) {
        refused_ = true;
        // The database's own comes first: it stands before whatever could not even be sent.
        if (!taken.refused.empty()) {
            batch_refused_.clear();
        }
        tally_.refused = 1;
        tally_.lines = (taken.refused.empty() ? batch_refused_ : taken.refused).front().number - 1;
    }
    tell_refused(std::move(taken.refused));
    batch_.clear();
    batch_bytes_ = 0;
    // The signal may have come too late for the statement.
    interrupted_ = connection_.interrupted();
    callbacks_.on_progress(tally_);
}

void FilePublisher::publish_batch(store::Taken& taken) {
    if (batch_.empty()) {
        return;
    }
    try {
        intake_.publish(batch_, options_.on_refusal, taken);
    } catch (const store::OutcomeUnknown&) {
        unknown_ = true;
    } catch (const pg::Error&) {
        if (!connection_.interrupted()) {
            throw;
        }
        interrupted_ = true;
    }
}

void FilePublisher::account(const store::Taken& taken, bool whole) {
    tally_.published += taken.published;
    tally_.duplicates += taken.duplicates;
    tally_.refused += taken.refused.size() + (whole ? batch_refused_.size() : 0);
    tally_.blank = read_.blank;
    tally_.without_key = read_.without_key;
    tally_.lines = whole ? read_.lines : std::max(tally_.lines, taken.through);
    tally_.bytes = read_.bytes;
}

void FilePublisher::tell_refused(std::vector<store::RefusedLine> by_database) {
    std::vector<store::RefusedLine> all;
    std::merge(std::make_move_iterator(by_database.begin()), std::make_move_iterator(by_database.end()),
               std::make_move_iterator(batch_refused_.begin()), std::make_move_iterator(batch_refused_.end()),
               std::back_inserter(all),
               [](const store::RefusedLine& a, const store::RefusedLine& b) { return a.number < b.number; });
    batch_refused_.clear();
    for (const store::RefusedLine& line : all) {
        callbacks_.on_refused(line);
    }
}

}  // namespace moai::app
