// Many events at once into the database: COPY into a temporary table, moai.publish_batch over it, COMMIT.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace moai::store {

/// One event as its writer wrote it: the text of a JSON object. The payload keeps its bytes.
struct EventLine {
    std::uint64_t number = 0;  ///< of the line in its file, for errors
    std::string text;
};

/// An event that was not taken, and why: SQLSTATE, and the words, values and next step of the database.
struct RefusedLine {
    std::uint64_t number = 0;
    std::string code, message, detail, hint;
};

/// What became of some lines.
struct Taken {
    std::uint64_t published = 0, duplicates = 0;
    std::vector<RefusedLine> refused;  ///< by line
    std::uint64_t through = 0;         ///< the last line that is committed or refused; 0: none yet
};

/// Each batch is a transaction of its own. Nothing is kept between two of them, so that a proxy that pools transactions
/// may stand before the server. One thread. Keeps a reference to the connection,
/// which is to be given up after an exception.
class EventIntake {
public:
    enum class OnRefusal {
        stop,  ///< the lines before the first one that is refused are published, it and those after it are not
        skip,  ///< all others are published
    };
    static constexpr std::size_t kMostLines = 1'000;  ///< what moai.publish_batch takes

    explicit EventIntake(pg::Connection& connection) : connection_(connection) {}

    /// Returns after the COMMIT. An error that the statement as a whole fails with, and that one line may be the reason
    /// of, is found by publishing halves. Collisions with others (40001, 40P01) are repeated, up to three times.
    /// Throws OutcomeUnknown if the connection broke in the COMMIT, and pg::Error, of code 57014 after an interruption
    /// of the connection. `taken` says what is in then, too. REQUIRES: 1 to kMostLines lines, ascending.
    void publish(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken);

private:
    void publish_together(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken);
    void publish_halves(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken);
    Taken transact(std::span<const EventLine> lines);
    void commit();

    pg::Connection& connection_;
};

}  // namespace moai::store
