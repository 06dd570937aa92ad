// A network between a program and its database that can lose an answer.
#pragma once

#include <memory>
#include <string>

namespace moai::test {

/// Passes everything on, both ways, until it is told to lose an answer: then the server does what it was asked, and
/// commits, but nobody hears of it, because the connection is cut when the server has said that it is done. Runs a
/// thread of its own; methods from any thread. Throws std::system_error where the kernel refuses.
class DatabaseProxy {
public:
    /// In front of a TestDatabase, by its URL.
    explicit DatabaseProxy(const std::string& database_url);
    ~DatabaseProxy();
    DatabaseProxy(const DatabaseProxy&) = delete;
    DatabaseProxy& operator=(const DatabaseProxy&) = delete;

    /// The same database as the same login, through here.
    [[nodiscard]] std::string url() const;

    /// Loses one answer: to the next statement whose text or parameters contain `bytes`.
    void lose_the_answer_to(std::string bytes);
    /// Loses one answer: the next of which a row contains `bytes`.
    void lose_the_answer_with(std::string bytes);
    /// How many it has lost.
    [[nodiscard]] int lost() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::test
