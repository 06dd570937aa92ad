// How many bytes of request bodies one server holds at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace moai::http {

/// A sum that never goes over its limit. Safe from any thread; outlives its charges.
class ByteBudget {
public:
    /// Some bytes of the budget, given back when this goes out of scope. May move between threads.
    class Charge {
    public:
        Charge(Charge&& other) noexcept
            : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
        Charge& operator=(Charge&& other) noexcept {
            std::swap(budget_, other.budget_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        Charge(const Charge&) = delete;
        Charge& operator=(const Charge&) = delete;
        ~Charge() {
            if (budget_ != nullptr) {
                budget_->used_.fetch_sub(bytes_);
            }
        }

    private:
        friend class ByteBudget;
        Charge(ByteBudget& budget, std::size_t bytes) noexcept : budget_(&budget), bytes_(bytes) {}

        ByteBudget* budget_;
        std::size_t bytes_;
    };

    explicit ByteBudget(std::size_t limit) noexcept : limit_(limit) {}

    /// Nothing if they would go over the limit.
    [[nodiscard]] std::optional<Charge> take(std::size_t bytes) noexcept {
        std::size_t used = used_.load();
        do {
            if (bytes > limit_ - used) {
                return std::nullopt;
            }
        } while (!used_.compare_exchange_weak(used, used + bytes));
        return Charge(*this, bytes);
    }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace moai::http
