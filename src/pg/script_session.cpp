// ScriptSession with the part of libpqxx that is the same in 6.4 and 7.x: no parameters, no views, no iterators.
#include "pg/script_session.hpp"

#include <pqxx/pqxx>

#include <algorithm>
#include <array>
#include <utility>

#include "pg/connection_parameters.hpp"

namespace moai::pg {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \n");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

/// Hands remarks on; libpqxx writes them to stderr while nobody listens.
class RemarkHandler final : public pqxx::errorhandler {
public:
    RemarkHandler(pqxx::connection& connection, const ScriptSession::OnRemark& on_remark)
        : pqxx::errorhandler(connection), on_remark_(on_remark) {}
    bool operator()(char const message[]) noexcept override {
        if (on_remark_) {
            on_remark_(std::string(trimmed(message)));
        }
        return false;
    }

private:
    const ScriptSession::OnRemark& on_remark_;
};

/// Calls `action` and turns libpqxx's exceptions into ours.
template <typename Action>
auto translated(const Action& action) {
    try {
        return action();
    } catch (const pqxx::in_doubt_error& error) {
        throw Error("08007", std::string(trimmed(error.what())));
    } catch (const pqxx::broken_connection& error) {
        throw Error("", std::string(trimmed(error.what())));
    } catch (const pqxx::sql_error& error) {
        throw error_from_report(error.sqlstate(), error.what());
    }
}

}  // namespace

Error error_from_report(const std::string& sqlstate, std::string_view report) {
    // A field begins at a line that begins with its name; further lines belong to it.
    struct Part {
        std::string_view name;
        std::string text;
    };
    std::array<Part, 6> parts{
        {{"", {}}, {"DETAIL:", {}}, {"HINT:", {}}, {"CONTEXT:", {}}, {"LINE ", {}}, {"QUERY:", {}}}};
    Part* current = parts.data();
    if (const std::size_t severity = report.find(":  ");
        severity != std::string_view::npos && severity < report.find('\n')) {
        report.remove_prefix(severity + 3);
    }
    while (!report.empty()) {
        const std::string_view line = report.substr(0, report.find('\n'));
        report.remove_prefix(std::min(report.size(), line.size() + 1));
        std::string_view rest = line;
        for (Part& part : parts) {
            if (!part.name.empty() && line.starts_with(part.name)) {
                current = &part;
                rest = line.substr(part.name.size());
            }
        }
        if (!current->text.empty()) {
            current->text += ' ';
        }
        current->text += trimmed(rest);
    }
    return {sqlstate, parts[0].text, parts[1].text, parts[2].text};
}

struct ScriptSession::Impl {
    OnRemark on_remark;
    std::unique_ptr<pqxx::connection> connection;
    std::unique_ptr<RemarkHandler> handler;
    std::unique_ptr<pqxx::work> transaction;
};

ScriptSession::ScriptSession(const std::string& database_url, const std::string& application_name, OnRemark on_remark)
    : impl_(std::make_unique<Impl>()) {
    const ConnectionParameters parameters(database_url, application_name);
    impl_->on_remark = std::move(on_remark);
    translated([&] {
        impl_->connection = std::make_unique<pqxx::connection>(parameters.conninfo());
        impl_->handler = std::make_unique<RemarkHandler>(*impl_->connection, impl_->on_remark);
    });
}

// libpqxx wants them destroyed in this order.
ScriptSession::~ScriptSession() {
    impl_->transaction.reset();
    impl_->handler.reset();
    impl_->connection.reset();
}

void ScriptSession::begin() {
    impl_->transaction.reset();
    translated([&] {
        impl_->transaction = std::make_unique<pqxx::work>(*impl_->connection);
        impl_->transaction->exec("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE");
    });
}

void ScriptSession::commit() {
    translated([&] { impl_->transaction->commit(); });
    impl_->transaction.reset();
}

void ScriptSession::rollback() noexcept { impl_->transaction.reset(); }

void ScriptSession::run(std::string_view script) {
    translated([&] { impl_->transaction->exec(std::string(script)); });
}

std::vector<ScriptSession::Row> ScriptSession::rows(const std::string& statement) {
    return translated([&] {
        const pqxx::result result = impl_->transaction->exec(statement);
        std::vector<Row> rows;
        for (pqxx::result::size_type i = 0; i < result.size(); ++i) {
            Row& row = rows.emplace_back();
            for (pqxx::row::size_type j = 0; j < result.columns(); ++j) {
                row.push_back(result[i][j].is_null() ? std::nullopt : std::optional<std::string>(result[i][j].c_str()));
            }
        }
        return rows;
    });
}

std::string ScriptSession::quoted(std::string_view text) const { return impl_->transaction->quote(std::string(text)); }

}  // namespace moai::pg
