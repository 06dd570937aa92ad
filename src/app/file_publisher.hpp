// moai publish --file: from lines of a file to events, batch by batch.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/event_line.hpp"
#include "app/signals.hpp"
#include "base/line_reader.hpp"
#include "pg/connection.hpp"
#include "store/event_intake.hpp"

namespace moai::app {

/// Reads one descriptor to its end and publishes its lines in their order, a transaction for each thousand lines or 4
/// MiB; what a slow pipe has brought is published before the next read waits. One thread, and its signals: a stop
/// signal ends it, cancelling the statement that runs; a second one ends the process. Memory: a batch, and the longest
/// line.
class FilePublisher {
public:
    struct Options {
        int descriptor = -1;
        std::uint64_t first_line = 1;
        EventLineDefaults defaults;
        store::EventIntake::OnRefusal on_refusal = store::EventIntake::OnRefusal::stop;
    };
    /// What is certain so far: committed, or decided to be nothing.
    struct Tally {
        std::uint64_t lines = 0;  ///< the last line that is decided on
        std::uint64_t bytes = 0;  ///< of the file, up to there
        std::uint64_t published = 0, duplicates = 0, refused = 0, blank = 0;
        std::uint64_t without_key = 0;  ///< of those that were not refused: they would be published again
    };
    struct Callbacks {
        std::function<void(const Tally&)> on_progress;              ///< after each transaction
        std::function<void(const store::RefusedLine&)> on_refused;  ///< in the order of the lines
    };
    enum class Ended {
        complete,
        refused,      ///< stopped at a line, the one after tally().lines
        interrupted,  ///< by signal()
        unknown,  ///< the connection broke in a COMMIT: the lines after tally().lines are in up to last_tried(), or not
    };

    /// Signals are blocked from here on. Throws Failure(configuration) if a default is not UTF-8.
    FilePublisher(pg::Connection& connection, Options options, Callbacks callbacks);

    /// Throws pg::Error, and std::system_error if reading fails: what tally() says is in then, too.
    [[nodiscard]] Ended run();

    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }
    /// The last line of the batch that was being published.
    [[nodiscard]] std::uint64_t last_tried() const noexcept {
        return batch_.empty() ? tally_.lines : batch_.back().number;
    }
    /// "SIGINT" and the like, after `interrupted`.
    [[nodiscard]] const char* signal() const noexcept { return signals_.last(); }

private:
    [[nodiscard]] std::size_t read(std::span<char> into);
    void take(const base::LineReader::Line& line);
    void refuse(std::uint64_t number, const api::Problem& problem);
    void flush();
    void publish_batch(store::Taken& taken);
    void account(const store::Taken& taken, bool whole);
    void tell_refused(std::vector<store::RefusedLine> by_database);
    [[nodiscard]] bool over() const noexcept { return interrupted_ || refused_ || unknown_; }

    pg::Connection& connection_;
    const Options options_;
    const Callbacks callbacks_;
    StopSignals signals_;
    store::EventIntake intake_;
    base::LineReader reader_;
    std::vector<store::EventLine> batch_;
    std::vector<store::RefusedLine> batch_refused_;  ///< lines among those of the batch that never get to the database
    std::size_t batch_bytes_ = 0;
    Tally read_;  ///< of all that was read: lines, bytes, blank, without_key
    Tally tally_;
    bool interrupted_ = false, refused_ = false, unknown_ = false;
};

}  // namespace moai::app
