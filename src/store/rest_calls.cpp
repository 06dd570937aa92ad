// The statement texts are made from function names of the route table, one per function and number of parameters.
#include "store/rest_calls.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <utility>

namespace moai::store {
namespace {

constexpr int kMostTries = 4;  // the first and three repeats

std::string statement(const RestCall& call) {
    std::string text = fmt::format("SELECT status, body FROM moai_rest.{}(", call.function);
    for (std::size_t i = 1; i <= call.params.size(); ++i) {
        text.append(i == 1 ? "$" : ", $").append(std::to_string(i));
    }
    return text.append(")");
}

[[noreturn]] void throw_unexpected(std::string_view function) {
    throw std::runtime_error(fmt::format("moai_rest.{} did not answer in the form of its kind", function));
}

int read_status(std::string_view text, std::string_view function) {
    int status = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), status).ec != std::errc{} || status < 200 ||
        status > 599) {
        throw_unexpected(function);
    }
    return status;
}

/// Transactions that collided once collide again if they come back in step.
void pause_before_retry(int tries) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int> microseconds(1'000, 5'000 << tries);
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
}

/// One try. An error while no connection could be had is a pg::Error; one after the statement was sent may hide a
/// commit.
pg::Result query_once(pg::Pool& pool, const std::string& sql, std::span<const pg::Param> params, bool writes) {
    auto lease = pool.acquire();
    try {
        return lease->query(sql, params, true);
    } catch (const pg::Error& error) {
        if (writes && error.outcome_unknown()) {
            throw OutcomeUnknown(error.what());
        }
        throw;
    }
}

pg::Result query(pg::Pool& pool, const std::string& sql, std::span<const pg::Param> params, bool writes) {
    bool reconnected = false;
    for (int tries = 1;; ++tries) {
        try {
            return query_once(pool, sql, params, writes);
        } catch (const pg::Error& error) {
            const bool again = error.retryable()
                                   ? tries < kMostTries
                                   : !writes && error.connection_lost() && !std::exchange(reconnected, true);
            if (!again) {
                throw;
            }
        }
        pause_before_retry(tries);
    }
}

// Columns of what moai_rest.publish_group returns.
constexpr int kStatus = 0, kBody = 1, kCode = 2, kMessage = 3, kDetail = 4, kHint = 5, kGroupColumns = 6;

/// Of moai_rest.publish_group: another open transaction is taking this item's key.
constexpr std::string_view kHeld = "55P03";

/// The server or the connection is at fault, and no item: each alone would fare no better. Not so for what took too
/// long (57014): one event with a multitude of subscriptions may be why.
bool is_fault_of_server(const pg::Error& error) {
    const std::string_view state = error.sqlstate();
    return error.connection_lost() || error.retryable() || state.starts_with("53") || state.starts_with("57P") ||
           state.starts_with("58");
}

PublishAnswer read_publish_answer(const pg::Result& rows, int row) {
    const std::string_view code = rows.text(row, kCode);
    if (!code.empty()) {
        const bool held = code == kHeld;
        pg::Error error(held ? "MO409" : std::string(code), std::string(rows.text(row, kMessage)),
                        std::string(rows.text(row, kDetail)), std::string(rows.text(row, kHint)));
        return held ? PublishAnswer(PublishHeld{std::move(error)}) : PublishAnswer(std::move(error));
    }
    return RestAnswer{read_status(rows.text(row, kStatus), "publish_group"), std::string(rows.text(row, kBody))};
}

std::string documents_of(std::span<const PublishItem> items) {
    std::size_t size = 2;
    for (const PublishItem& item : items) {
        size += item.document.size() + 1;
    }
    std::string text;
    text.reserve(size);
    for (const PublishItem& item : items) {
        text += text.empty() ? '[' : ',';
        text += item.document;
    }
    return text += ']';
}

/// NULL where nobody gave one.
std::optional<std::string> keys_of(std::span<const PublishItem> items) {
    auto keys = nlohmann::json::array();
    bool given = false;
    for (const PublishItem& item : items) {
        keys.push_back(item.idempotency_key ? nlohmann::json(*item.idempotency_key) : nlohmann::json());
        given = given || item.idempotency_key;
    }
    return given ? std::optional(keys.dump()) : std::nullopt;
}

}  // namespace

RestAnswer RestCalls::call(const RestCall& call) {
    const auto rows = query(pool_, statement(call), call.params, call.writes);
    if (rows.rows() != 1 || rows.columns() != 2) {
        throw_unexpected(call.function);
    }
    return {read_status(rows.text(0, 0), call.function), std::string(rows.text(0, 1))};
}

std::vector<PublishAnswer> RestCalls::publish_group(std::span<const PublishItem> items) {
    static const std::string kPublishGroup = "SELECT * FROM moai_rest.publish_group($1, $2)";
    const std::string documents = documents_of(items);
    const std::optional<std::string> keys = keys_of(items);
    const std::array<pg::Param, 2> params{documents, keys};
    try {
        const auto rows = query(groups_, kPublishGroup, params, true);
        if (rows.rows() != static_cast<int>(items.size()) || rows.columns() != kGroupColumns) {
            throw_unexpected("publish_group");
        }
        std::vector<PublishAnswer> answers;
        answers.reserve(items.size());
        for (int row = 0; row < rows.rows(); ++row) {
            answers.push_back(read_publish_answer(rows, row));
        }
        return answers;
    } catch (const pg::Error& error) {
        if (is_fault_of_server(error)) {
            throw;
        }
        return {items.size(), PublishAlone{}};
    }
}

}  // namespace moai::store
