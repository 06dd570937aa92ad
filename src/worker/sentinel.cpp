#include "worker/sentinel.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

Sentinel::Sentinel(base::EventLoop& loop, store::Office& office, Loop delivery_loop, Options options)
    : loop_(loop),
      office_(office),
      delivery_loop_(std::move(delivery_loop)),
      options_(options),
      error_backoff_(100ms, 10s) {}

Sentinel::~Sentinel() {
    for (const auto timer : {look_timer_, saturation_timer_, error_timer_}) {
        loop_.cancel(timer);
    }
}

void Sentinel::session_ready() {
    state_ = State::away;
    ask_for_office();
}

void Sentinel::session_lost() {
    const State before = std::exchange(state_, State::away);
    loop_.cancel(std::exchange(look_timer_, 0));
    loop_.cancel(std::exchange(error_timer_, 0));
    if (before != State::away && before != State::waiting) {
        // Since the flag went down publishers are silent, and nobody else may be there to take the office.
        delivery_loop_.look(WakeReason::reconnect);
    }
}

void Sentinel::listening(bool can_hear) {
    can_hear_ = can_hear;
    if (can_hear_) {
        ask_for_office();
    } else if (state_ == State::awake || state_ == State::asleep) {
        leave([this] { ask_for_office(); });
    }
}

void Sentinel::ask_for_office() {
    if (state_ != State::away || !can_hear_ || stopping_ || !office_.ready()) {
        return;
    }
    state_ = State::waiting;
    office_.await_office(options_.patience, [this](store::Office::Answer answer, const pg::Error* error) {
        office_answered(std::move(answer), error);
    });
}

void Sentinel::office_answered(store::Office::Answer answer, const pg::Error* error) {
    if (error != nullptr) {
        failed(*error);
        return;
    }
    error_backoff_.reset();
    state_ = State::away;
    const bool in_office = answer.granted;
    if (in_office) {
        be_awake();
    }
    delivery_loop_.adopt(std::move(answer.claim), in_office ? WakeReason::office : WakeReason::safety_look);
    if (!can_hear_ && state_ == State::awake) {
        leave([this] { ask_for_office(); });
    } else {
        ask_for_office();  // again, if it was not granted
    }
}

void Sentinel::be_awake() {
    state_ = State::awake;
    last_work_ = steady_clock::now();
}

void Sentinel::looked(bool found) {
    if (found) {
        last_work_ = steady_clock::now();
    }
    plan_next_look();
}

/// While awake. Without a free slot there is nothing to look for: the loop looks by itself when one comes free.
void Sentinel::plan_next_look() {
    if (state_ != State::awake) {
        return;
    }
    loop_.cancel(std::exchange(look_timer_, 0));
    if (full_) {
        return;
    }
    if (steady_clock::now() - last_work_ >= options_.linger && office_.ready()) {
        fall_asleep();
    } else {
        look_in(options_.look_every, [this] { delivery_loop_.look(WakeReason::linger); });
    }
}

void Sentinel::look_in(std::chrono::microseconds delay, std::function<void()> look) {
    look_timer_ = loop_.at(steady_clock::now() + delay, [this, look = std::move(look)] {
        look_timer_ = 0;
        look();
    });
}

void Sentinel::fall_asleep() {
    state_ = State::falling_asleep;
    slow_look_ = options_.look_every;
    look_slowly();
    office_.fall_asleep(options_.patience, [this](store::Office::Answer answer, const pg::Error* error) {
        sleep_answered(std::move(answer), error);
    });
}

/// Until the flag is up: a publisher that is still open was silent and is waited for, and others that were silent have
/// committed meanwhile.
void Sentinel::look_slowly() {
    slow_look_ = std::min(2 * slow_look_, options_.slowest_look);
    look_in(slow_look_, [this] {
        delivery_loop_.look(WakeReason::falling_asleep);
        look_slowly();
    });
}

void Sentinel::sleep_answered(store::Office::Answer answer, const pg::Error* error) {
    loop_.cancel(std::exchange(look_timer_, 0));
    if (error != nullptr) {
        failed(*error);
        return;
    }
    error_backoff_.reset();
    rings_ = 0;
    if (answer.granted) {
        state_ = State::asleep;
    } else {
        be_awake();
    }
    delivery_loop_.adopt(std::move(answer.claim), WakeReason::falling_asleep);
    if (!can_hear_ && (state_ == State::awake || state_ == State::asleep)) {
        leave([this] { ask_for_office(); });
    }
}

void Sentinel::rung() {
    if (state_ == State::waiting) {
        return;  // it is the sentinel's business
    }
    delivery_loop_.look(WakeReason::notify);
    if (state_ != State::asleep) {
        return;
    }
    const auto now = steady_clock::now();
    if (now - window_begin_ > options_.ring_window) {
        window_begin_ = now;
        rings_ = 0;
    }
    if (++rings_ >= options_.rings) {
        wake_up();
    }
}

void Sentinel::wake_up() {
    state_ = State::changing;
    office_.wake_up([this](const pg::Error* error) {
        if (error != nullptr) {
            failed(*error);
            return;
        }
        be_awake();
        // Who published since the flag went down was silent.
        delivery_loop_.look(WakeReason::linger);
        plan_next_look();
    });
}

void Sentinel::saturated(bool full) {
    if (std::exchange(full_, full) == full) {
        return;
    }
    loop_.cancel(std::exchange(saturation_timer_, 0));
    if (full_) {
        saturation_timer_ = loop_.at(steady_clock::now() + options_.saturation, [this] {
            saturation_timer_ = 0;
            hand_on();
        });
    } else {
        handed_on_ = false;
        plan_next_look();
    }
}

/// Once for each time that there is no free slot: if nobody else wants the office it comes back at once.
void Sentinel::hand_on() {
    if ((state_ == State::awake || state_ == State::asleep) && !std::exchange(handed_on_, true)) {
        leave([this] { ask_for_office(); });
    }
}

void Sentinel::leave(std::function<void()> then) {
    loop_.cancel(std::exchange(look_timer_, 0));
    state_ = State::changing;
    office_.leave_office([this, then = std::move(then)](const pg::Error* error) {
        if (error != nullptr) {
            failed(*error);
            return;
        }
        state_ = State::away;
        then();
    });
}

/// What the session holds is not known: it gives up all of it, after a pause, and begins anew.
void Sentinel::failed(const pg::Error& error) {
    if (error.connection_lost()) {
        return;  // session_lost() sees to it
    }
    state_ = State::changing;
    log::warning("the doorbell fails, will repeat", {{"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    delivery_loop_.look(WakeReason::reconnect);
    error_timer_ = loop_.at(steady_clock::now() + error_backoff_.next(), [this] {
        error_timer_ = 0;
        leave([this] { ask_for_office(); });
    });
}

void Sentinel::stop(std::function<void()> done) {
    stopping_ = true;
    if (state_ == State::awake || state_ == State::asleep) {
        leave(std::move(done));
    } else {
        done();
    }
}

}  // namespace moai::worker
