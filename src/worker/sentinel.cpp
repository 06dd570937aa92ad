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
      linger_(options.linger),
      error_backoff_(100ms, 10s) {}

Sentinel::~Sentinel() {
    for (const auto timer : {ask_timer_, look_timer_, deputy_timer_, saturation_timer_, error_timer_, deadline_timer_,
                             cover_timer_, wait_timer_}) {
        loop_.cancel(timer);
    }
}

void Sentinel::again_at(base::EventLoop::TimerId& timer, SteadyTime when, std::function<void()> what) {
    loop_.cancel(timer);
    timer = loop_.at(when, [&timer, what = std::move(what)] {
        timer = 0;
        what();
    });
}

/// Each look is to be answered soon: who cannot claim, for whatever reason, must not keep the office.
void Sentinel::look(WakeReason reason) {
    if (deadline_timer_ == 0) {
        again_at(deadline_timer_, steady_clock::now() + options_.look_deadline, [this] {
            stuck_ = true;
            settle();
        });
    }
    delivery_loop_.look(reason);
}

/// While this worker can neither be in office nor wait for it, perhaps nobody is, and publishers are silent.
void Sentinel::cover() {
    const bool is_away = state_ == State::away && (!can_hear_ || !office_.ready());
    if (cover_timer_ != 0 || stopping_ || !(is_away || (state_ == State::changing && error_timer_ != 0))) {
        return;
    }
    again_at(cover_timer_, steady_clock::now() + options_.uncovered, [this] {
        const bool is_back = state_ != State::away && error_timer_ == 0;
        if (!is_back) {
            look(WakeReason::reconnect);
            cover();
        }
    });
}

/// The end of a wait is this worker's safety look: it must not be late where nothing answers, or only much later.
void Sentinel::expect_answer() {
    again_at(wait_timer_, steady_clock::now() + options_.patience + options_.uncovered, [this] {
        look(WakeReason::unanswered);
        expect_answer();
    });
}

bool Sentinel::in_office() const noexcept {
    return state_ == State::awake || state_ == State::falling_asleep || state_ == State::asleep;
}

bool Sentinel::idle() const { return steady_clock::now() - last_work_ >= linger_; }

void Sentinel::session_ready() {
    state_ = State::away;
    ask_for_office();
}

void Sentinel::session_lost() {
    const State before = std::exchange(state_, State::away);
    refused_ = false;
    loop_.cancel(std::exchange(look_timer_, 0));
    loop_.cancel(std::exchange(error_timer_, 0));
    loop_.cancel(std::exchange(wait_timer_, 0));
    if (before != State::away && before != State::waiting) {
        // Since the flag went down publishers are silent, and nobody else may be there to take the office.
        look(WakeReason::reconnect);
    }
    cover();
    if (stopped_) {
        std::exchange(stopped_, nullptr)();
    }
}

void Sentinel::listening(bool can_hear) {
    can_hear_ = can_hear;
    if (can_hear_) {
        ask_for_office();
    } else {
        settle();
        cover();
    }
}

/// A wait holds a snapshot, which keeps every dead row of the queue: only idle workers wait. A busy one tries, and
/// looks by itself anyway.
void Sentinel::ask_for_office() {
    if (state_ != State::away || !can_hear_ || stopping_ || full_ || stuck_ || !office_.ready()) {
        return;
    }
    if (refused_ && !idle()) {
        if (ask_timer_ == 0) {
            again_at(ask_timer_, last_work_ + linger_, [this] { ask_for_office(); });
        }
        return;
    }
    state_ = State::waiting;
    expect_answer();
    office_.await_office(
        idle() ? options_.patience : 0ms,
        [this](store::Office::Answer answer, const pg::Error* error) { office_answered(std::move(answer), error); });
}

void Sentinel::office_answered(store::Office::Answer answer, const pg::Error* error) {
    loop_.cancel(std::exchange(wait_timer_, 0));
    if (error != nullptr) {
        failed(*error);
        return;
    }
    error_backoff_.reset();
    refused_ = !answer.granted;
    state_ = State::away;
    if (answer.granted) {
        be_awake();
        look(WakeReason::office);
    } else {
        // What a busy worker finds by the way nobody has missed.
        const bool is_safety_look = idle() && !full_;
        delivery_loop_.adopt(std::move(answer.claim), is_safety_look ? WakeReason::safety_look : WakeReason::help);
    }
    settle();
    ask_for_office();  // again, if it was not granted
    cover();
}

/// What has changed while the office's session was at something else.
void Sentinel::settle() {
    if ((state_ != State::awake && state_ != State::asleep) || !office_.ready()) {
        return;
    }
    if (!can_hear_ || stopping_ || stuck_) {
        leave();
    } else if (full_) {
        plan_to_hand_on();
    } else {
        plan_next_look();
    }
}

void Sentinel::be_awake() {
    state_ = State::awake;
    loop_.cancel(std::exchange(deputy_timer_, 0));
    last_work_ = steady_clock::now();
    overload_since_ = {};
}

void Sentinel::looked(bool found, bool more) {
    const auto now = steady_clock::now();
    loop_.cancel(std::exchange(deadline_timer_, 0));
    if (found) {
        last_work_ = now;
    }
    if (!more || !in_office()) {
        overload_since_ = {};
    } else if (overload_since_ == SteadyTime()) {
        overload_since_ = now;
    } else if (now - overload_since_ >= options_.overload && now - last_call_ >= options_.help_every) {
        call_for_help();
    }
    plan_next_look();
    if (std::exchange(stuck_, false)) {
        ask_for_office();
    }
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
    if (idle() && office_.ready()) {
        fall_asleep();
    } else {
        again_at(look_timer_, steady_clock::now() + options_.look_every, [this] { look(WakeReason::linger); });
    }
}

void Sentinel::fall_asleep() {
    state_ = State::falling_asleep;
    slow_look_ = options_.look_every;
    look_slowly();
    ask_for_sleep();
}

void Sentinel::ask_for_sleep() {
    office_.fall_asleep(options_.sleep_patience,
                        [this](bool asleep, const pg::Error* error) { sleep_answered(asleep, error); });
}

/// Until the flag is up: a publisher that is still open was silent and is waited for, and others that were silent have
/// committed meanwhile.
void Sentinel::look_slowly() {
    slow_look_ = std::min(2 * slow_look_, options_.slowest_look);
    again_at(look_timer_, steady_clock::now() + slow_look_, [this] {
        look(WakeReason::falling_asleep);
        look_slowly();
    });
}

void Sentinel::sleep_answered(bool asleep, const pg::Error* error) {
    if (error != nullptr) {
        loop_.cancel(std::exchange(look_timer_, 0));
        failed(*error);
        return;
    }
    error_backoff_.reset();
    if (!asleep && idle() && can_hear_ && !stopping_ && !full_ && !stuck_) {
        ask_for_sleep();  // the publisher is still open, and nobody else has published: the slow looks go on
        return;
    }
    loop_.cancel(std::exchange(look_timer_, 0));
    rings_ = 0;
    if (asleep) {
        state_ = State::asleep;
        asleep_since_ = steady_clock::now();
        // Who was silent has committed now, or rings.
        look(WakeReason::falling_asleep);
    } else {
        be_awake();
    }
    settle();
}

void Sentinel::rung() {
    if (state_ == State::waiting || refused_) {
        // It is the sentinel's business; unless it is frozen, and looks at nothing.
        if (deputy_timer_ == 0) {
            again_at(deputy_timer_, steady_clock::now() + options_.unanswered,
                     [this] { look(WakeReason::unanswered); });
        }
        return;
    }
    look(WakeReason::notify);
    if (state_ != State::asleep) {
        return;
    }
    const auto now = steady_clock::now();
    if (now - window_begin_ > options_.ring_window) {
        window_begin_ = now;
        rings_ = 0;
    }
    if (++rings_ >= options_.rings && office_.ready()) {
        wake_up();
    }
}

void Sentinel::called_for_help() {
    loop_.cancel(std::exchange(deputy_timer_, 0));
    if (!in_office()) {
        look(WakeReason::help);
    }
}

void Sentinel::wake_up() {
    // Rings are dear where many publish: whoever was woken soon after it lay down stays up for longer.
    const bool was_short = steady_clock::now() - asleep_since_ < options_.short_sleep;
    linger_ = was_short ? std::min(2 * linger_, options_.longest_linger) : options_.linger;
    state_ = State::changing;
    office_.wake_up([this](const pg::Error* error) {
        if (error != nullptr) {
            failed(*error);
            return;
        }
        be_awake();
        // Who published since the flag went down was silent.
        look(WakeReason::linger);
        settle();
    });
}

/// The office's session is idle while the sentinel is awake or asleep; while it falls asleep there is no need.
void Sentinel::call_for_help() {
    if (!office_.ready()) {
        return;
    }
    last_call_ = steady_clock::now();
    office_.call_for_help([this](const pg::Error* error) {
        if (error != nullptr && !error->connection_lost()) {
            log::warning("cannot call other workers for help",
                         {{"sqlstate", error->sqlstate()}, {"reason", error->what()}});
        }
        settle();
    });
}

void Sentinel::saturated(bool full) {
    if (std::exchange(full_, full) == full) {
        return;
    }
    loop_.cancel(std::exchange(saturation_timer_, 0));
    if (full_) {
        plan_to_hand_on();
    } else {
        plan_next_look();
        ask_for_office();
    }
}

/// Before it stops claiming: a sentinel without a free slot hands the office on, and asks for it again when it has one.
void Sentinel::plan_to_hand_on() {
    again_at(saturation_timer_, steady_clock::now() + options_.saturation, [this] {
        if (full_ && (state_ == State::awake || state_ == State::asleep) && office_.ready()) {
            leave();
        }
    });
}

void Sentinel::leave() {
    loop_.cancel(std::exchange(look_timer_, 0));
    state_ = State::changing;
    office_.leave_office([this](const pg::Error* error) {
        if (error != nullptr) {
            failed(*error);
            return;
        }
        state_ = State::away;
        refused_ = false;
        ask_for_office();
        cover();
        if (stopped_) {
            std::exchange(stopped_, nullptr)();
        }
    });
}

/// What the session holds is not known: it gives up all of it, after a pause, and begins anew.
void Sentinel::failed(const pg::Error& error) {
    if (error.connection_lost()) {
        return;  // session_lost() sees to it
    }
    state_ = State::changing;
    log::warning("the doorbell fails, will repeat", {{"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    look(WakeReason::reconnect);
    again_at(error_timer_, steady_clock::now() + error_backoff_.next(), [this] { leave(); });
    cover();
}

void Sentinel::stop(std::function<void()> done) {
    stopping_ = true;
    stopped_ = std::move(done);
    settle();
    if (state_ == State::away || state_ == State::waiting) {
        std::exchange(stopped_, nullptr)();
    }
}

}  // namespace moai::worker
