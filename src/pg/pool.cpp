// Pool: idle connections in a stack (the warmest is used first), a count of those in being, and a backoff after a
// failed connect.
#include "pg/pool.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/backoff.hpp"

namespace moai::pg {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::milliseconds kLongestDelay{5'000};

/// Calls `action` when the scope is left, however it is left.
template <typename Action>
class AtExit {
public:
    explicit AtExit(Action action) : action_(std::move(action)) {}
    ~AtExit() { action_(); }
    AtExit(const AtExit&) = delete;
    AtExit& operator=(const AtExit&) = delete;

private:
    Action action_;
};

/// With a text of its own: the copies of an exception share theirs, by a count inside libstdc++ that ThreadSanitizer
/// does not see, and this one goes to another thread.
Error copy_of(const Error& error) { return {error.sqlstate(), error.what(), error.detail(), error.hint()}; }

}  // namespace

struct Pool::Impl {
    explicit Impl(Options given) : options(std::move(given)) { idle.reserve(options.size); }

    const Options options;
    std::mutex mutex;
    std::condition_variable changed;
    // All below: under `mutex`.
    std::vector<Connection> idle;
    std::size_t in_being = 0;  // idle, lent out, or being made
    base::Backoff backoff{kFirstDelay, kLongestDelay};
    std::optional<Error> last_failure;  // of the latest connect; none once one succeeded
    SteadyTime retry_at{};
    bool probing = false;  // after a failure one caller at a time tries again; the others hear of the failure at once

    Connection connect() const {
        Connection connection(options.database_url, options.application_name);
        if (!options.session_setup.empty()) {
            connection.script(options.session_setup);
        }
        return connection;
    }

    /// Called and left with `lock` held; not held meanwhile.
    Connection make(std::unique_lock<std::mutex>& lock) {
        if (last_failure) {
            if (probing || std::chrono::steady_clock::now() < retry_at) {
                throw copy_of(*last_failure);
            }
            probing = true;
        }
        ++in_being;
        std::optional<Connection> connection;
        const AtExit settle([&] {
            if (!lock.owns_lock()) {
                lock.lock();
            }
            probing = false;
            if (!connection) {
                --in_being;
                changed.notify_all();
            }
        });
        lock.unlock();
        try {
            connection.emplace(connect());
        } catch (const Error& error) {
            lock.lock();
            last_failure = copy_of(error);
            retry_at = std::chrono::steady_clock::now() + backoff.next();
            throw;
        }
        lock.lock();
        last_failure.reset();
        backoff.reset();
        return std::move(*connection);
    }

    void give_back(Connection connection) {
        const bool keep = connection.usable() && !connection.in_transaction();
        // A dropped connection says good-bye outside the lock, when `connection` goes out of scope last.
        const std::lock_guard lock(mutex);
        if (keep) {
            idle.push_back(std::move(connection));
        } else {
            --in_being;
        }
        changed.notify_one();
    }
};

Pool::Pool(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Pool::~Pool() = default;

Pool::Lease::~Lease() {
    if (pool_ != nullptr) {
        pool_->impl_->give_back(std::move(connection_));
    }
}

Pool::Lease Pool::acquire() {
    const SteadyTime deadline = std::chrono::steady_clock::now() + impl_->options.wait;
    std::unique_lock lock(impl_->mutex);
    for (;;) {
        while (!impl_->idle.empty()) {
            Connection connection = std::move(impl_->idle.back());
            impl_->idle.pop_back();
            if (connection.still_there()) {
                return {*this, std::move(connection)};
            }
            --impl_->in_being;
        }
        if (impl_->in_being < impl_->options.size) {
            return {*this, impl_->make(lock)};
        }
        if (impl_->changed.wait_until(lock, deadline) == std::cv_status::timeout && impl_->idle.empty() &&
            impl_->in_being >= impl_->options.size) {
            throw PoolExhausted("all " + std::to_string(impl_->options.size) + " database connections are busy");
        }
    }
}

}  // namespace moai::pg
