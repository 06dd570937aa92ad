// Reads the worker functions' rows by column name, so that their order is the schema's own matter.
#include "store/claim_rows.hpp"

#include <charconv>
#include <stdexcept>

namespace moai::store {
namespace {

template <typename Value>
Value value_from_text(std::string_view text, const char* column) {
    Value value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped_at, problem] = std::from_chars(text.data(), end, value);
    if (text.empty() || problem != std::errc() || stopped_at != end) {
        throw std::runtime_error(std::string("column \"") + column + "\" holds \"" + std::string(text) +
                                 "\", which is no number");
    }
    return value;
}

/// One column of the rows, looked up once.
class Column {
public:
    Column(const pg::Result& rows, const char* name) : rows_(&rows), name_(name), index_(rows.column(name)) {}

    [[nodiscard]] bool is_null(int row) const noexcept { return rows_->is_null(row, index_); }
    [[nodiscard]] std::string text(int row) const { return std::string(rows_->text(row, index_)); }
    [[nodiscard]] std::int64_t number(int row) const { return number_from_text(rows_->text(row, index_), name_); }
    [[nodiscard]] double real(int row) const { return value_from_text<double>(rows_->text(row, index_), name_); }
    [[nodiscard]] bool truth(int row) const { return rows_->text(row, index_) == "t"; }

private:
    const pg::Result* rows_;
    const char* name_;
    int index_;
};

std::optional<int> count_in(const Column& column, int row) {
    return column.is_null(row) ? std::nullopt : std::optional(static_cast<int>(column.number(row)));
}

std::optional<double> rate_in(const Column& column, int row) {
    return column.is_null(row) ? std::nullopt : std::optional(column.real(row));
}

std::optional<std::chrono::microseconds> microseconds_of(const Column& column, int row) {
    if (column.is_null(row)) {
        return std::nullopt;
    }
    return std::chrono::microseconds(column.number(row));
}

}  // namespace

std::int64_t number_from_text(std::string_view text, const char* column) {
    return value_from_text<std::int64_t>(text, column);
}

Claim claim_from_rows(const pg::Result& rows) {
    const Column event_id(rows, "event_id"), subscription_id(rows, "subscription_id"), lease_token(rows, "lease_token"),
        attempt_no(rows, "attempt_no"), event_type(rows, "event_type"), tenant(rows, "tenant"),
        published_at(rows, "published_at"), payload(rows, "payload"), url(rows, "url"), format(rows, "format"),
        secret(rows, "secret"), timeout_ms(rows, "timeout_ms"), lease_ms(rows, "lease_ms"),
        claimed_at_us(rows, "claimed_at_us"), next_due_in_us(rows, "next_due_in_us"), overdue_us(rows, "overdue_us"),
        max_in_flight(rows, "max_in_flight"), rate_limit(rows, "rate_limit"), method(rows, "method"),
        headers(rows, "headers"), parked(rows, "parked");
    if (rows.rows() == 0) {
        throw std::runtime_error("moai.claim_deliveries returned no row");
    }

    Claim claim;
    claim.claimed_at_us = claimed_at_us.number(0);
    claim.next_due_in = microseconds_of(next_due_in_us, 0);
    claim.overdue = microseconds_of(overdue_us, 0).value_or(std::chrono::microseconds(0));
    claim.parked = static_cast<int>(parked.number(0));
    claim.deliveries.reserve(static_cast<std::size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
        if (event_id.is_null(row)) {
            continue;
        }
        ClaimedDelivery& delivery = claim.deliveries.emplace_back();
        delivery.event_id = event_id.text(row);
        delivery.subscription_id = subscription_id.text(row);
        delivery.lease_token = lease_token.number(row);
        delivery.attempt_no = static_cast<int>(attempt_no.number(row));
        delivery.event_type = event_type.text(row);
        delivery.tenant = tenant.text(row);
        delivery.published_at = published_at.text(row);
        delivery.payload = payload.text(row);
        delivery.url = url.text(row);
        delivery.format = format.text(row);
        delivery.secret = secret.text(row);
        delivery.timeout = std::chrono::milliseconds(timeout_ms.number(row));
        delivery.lease = std::chrono::milliseconds(lease_ms.number(row));
        delivery.max_in_flight = count_in(max_in_flight, row);
        delivery.rate_limit = rate_in(rate_limit, row);
        delivery.method = method.text(row);
        delivery.headers = headers.text(row);
    }
    return claim;
}

std::vector<KnownEndpoint> endpoints_from_rows(const pg::Result& rows) {
    const Column subscription_id(rows, "subscription_id"), url(rows, "url"), max_in_flight(rows, "max_in_flight"),
        rate_limit(rows, "rate_limit"), has_parked(rows, "has_parked"), probe_in_us(rows, "probe_in_us"),
        consecutive_failures(rows, "consecutive_failures"), times_opened(rows, "times_opened"), reason(rows, "reason");
    std::vector<KnownEndpoint> known;
    for (int row = 0; row < rows.rows(); ++row) {
        KnownEndpoint& endpoint = known.emplace_back();
        endpoint.subscription_id = subscription_id.text(row);
        endpoint.url = url.text(row);
        endpoint.max_in_flight = count_in(max_in_flight, row);
        endpoint.rate_limit = rate_in(rate_limit, row);
        endpoint.has_parked = has_parked.truth(row);
        if (!probe_in_us.is_null(row)) {
            endpoint.open = OpenBreaker{std::chrono::microseconds(probe_in_us.number(row)),
                                        static_cast<int>(consecutive_failures.number(row)),
                                        static_cast<int>(times_opened.number(row)), reason.text(row)};
        }
    }
    return known;
}

Recorded recorded_from_rows(const pg::Result& rows) {
    if (rows.rows() != 1) {
        throw std::runtime_error("moai.complete_deliveries returned " + std::to_string(rows.rows()) +
                                 " rows instead of one");
    }
    const auto count = [&rows](const char* name) { return static_cast<int>(Column(rows, name).number(0)); };
    Recorded recorded;
    recorded.delivered = count("delivered");
    recorded.retried = count("retried");
    recorded.dead_lettered = count("dead_lettered");
    recorded.released = count("released");
    recorded.orphaned = count("orphaned");
    recorded.next_due_in = microseconds_of(Column(rows, "next_due_in_us"), 0);
    return recorded;
}

bool more_to_maintain(const pg::Result& rows) { return rows.rows() == 1 && Column(rows, "keys_expired").number(0) > 0; }

}  // namespace moai::store
