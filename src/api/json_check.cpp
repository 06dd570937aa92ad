// A scanner of our own, because a parser that makes values refuses numbers and escapes which the published bytes may
// contain.
#include "api/json_check.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "api/json_string.hpp"
#include "api/utf8.hpp"

namespace moai::api {
namespace {

constexpr std::size_t kLongestNameShown = 64;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class Scanner {
public:
    Scanner(std::string_view text, const JsonRules& rules) : text_(text), rules_(rules) {}

    std::optional<Problem> run();
    [[nodiscard]] JsonFields& fields() noexcept { return fields_; }

private:
    enum class Expect { value, value_or_end, key_or_end, key, colon, comma_or_end };

    bool step();
    bool value();
    bool open(char bracket);
    bool close();
    bool key();
    bool string();
    bool escape();
    bool number();
    bool digits();
    bool word(std::string_view expected);
    bool unexpected();
    void note_key(std::string_view raw);
    void note_value();
    void object_to(Problem problem);
    void after_value() { expect_ = Expect::comma_or_end; }
    [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }
    [[nodiscard]] char here() const noexcept { return text_[position_]; }
    [[nodiscard]] std::size_t envelope_depth() const noexcept { return top_ == '[' ? 2 : 1; }
    [[nodiscard]] std::string item() const;
    [[nodiscard]] std::string where() const;
    [[nodiscard]] std::optional<Problem> judge_top() const;

    const std::string_view text_;
    const JsonRules& rules_;
    std::size_t position_ = 0;
    Expect expect_ = Expect::value;
    std::string open_;  ///< the brackets that are open; never longer than the depth allowed
    char top_ = '\0';
    std::size_t items_ = 0;
    bool any_field_ = false;
    std::string field_;  ///< the envelope's field being read
    JsonFields fields_;
    std::optional<Problem> syntax_;
    std::optional<Problem> rule_;
    bool too_deep_ = false;
};

std::optional<Problem> Scanner::run() {
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return Problem{.status = 400, .detail = fmt::format("{} is empty; JSON is expected", rules_.subject)};
    }
    while (step()) {
    }
    if (syntax_ && !too_deep_) {
        return syntax_;
    }
    return rule_ ? rule_ : judge_top();
}

/// Reads one token; false at the end or at the first error.
bool Scanner::step() {
    position_ = std::min(text_.find_first_not_of(" \t\r\n", position_), text_.size());
    const bool finished = expect_ == Expect::comma_or_end && open_.empty();
    if (at_end()) {
        return finished ? false : unexpected();
    }
    if (finished) {
        syntax_ = {
            .status = 400,
            .detail = fmt::format("{} goes on after the end of its JSON, at byte {}", rules_.subject, position_)};
        return false;
    }
    const char c = here();
    switch (expect_) {
        case Expect::value: return value();
        case Expect::value_or_end: return c == ']' ? close() : value();
        case Expect::key_or_end: return c == '}' ? close() : key();
        case Expect::key: return key();
        case Expect::colon:
            if (c != ':') {
                return unexpected();
            }
            ++position_;
            expect_ = Expect::value;
            return true;
        case Expect::comma_or_end:
            if (c == (open_.back() == '{' ? '}' : ']')) {
                return close();
            }
            if (c != ',') {
                return unexpected();
            }
            ++position_;
            expect_ = open_.back() == '{' ? Expect::key : Expect::value;
            return true;
    }
    return unexpected();
}

bool Scanner::value() {
    const char c = here();
    if (open_.empty()) {
        top_ = c;
    } else if (open_.size() == 1 && top_ == '[') {
        ++items_;
    } else if (open_.size() == envelope_depth()) {
        note_value();
    }
    switch (c) {
        case '{':
        case '[': return open(c);
        case '"': after_value(); return string();
        case 't': after_value(); return word("true");
        case 'f': after_value(); return word("false");
        case 'n': after_value(); return word("null");
        default: after_value(); return number();
    }
}

bool Scanner::open(char bracket) {
    const std::size_t max_depth = top_ == '[' ? rules_.max_depth_in_batch : rules_.max_depth;
    if (open_.size() >= envelope_depth() + max_depth) {
        too_deep_ = true;
        object_to({.status = 422, .detail = fmt::format("{} is nested deeper than {} levels", where(), max_depth)});
        return false;
    }
    open_.push_back(bracket);
    ++position_;
    if (open_.size() == envelope_depth()) {
        fields_.clear();
        field_.clear();
    }
    expect_ = bracket == '{' ? Expect::key_or_end : Expect::value_or_end;
    return true;
}

bool Scanner::close() {
    open_.pop_back();
    ++position_;
    after_value();
    return true;
}

bool Scanner::key() {
    if (here() != '"') {
        return unexpected();
    }
    const std::size_t begin = position_ + 1;
    if (!string()) {
        return false;
    }
    if (open_.size() == envelope_depth()) {
        note_key(text_.substr(begin, position_ - 1 - begin));
    }
    expect_ = Expect::colon;
    return true;
}

void Scanner::note_key(std::string_view raw) {
    any_field_ = true;
    field_ = unescape_json(raw);
    if (fields_.contains(field_)) {
        object_to({.status = 422,
                   .detail = fmt::format("{} is given twice", where()),
                   .values = shortened(field_, kLongestNameShown),
                   .hint = "Give each field once."});
    } else if (fields_.size() == rules_.max_fields) {
        object_to({.status = 422,
                   .detail = fmt::format("{} has more than {} fields", item(), rules_.max_fields),
                   .values = shortened(field_, kLongestNameShown),
                   .hint = "Put what is your own into the payload."});
    } else {
        fields_.emplace(field_, position_);
    }
}

/// Where the value of the envelope's last field begins, unless the field was one too many.
void Scanner::note_value() {
    if (const auto found = fields_.find(field_); found != fields_.end()) {
        found->second = position_;
    }
}

bool Scanner::string() {
    ++position_;
    while (!at_end()) {
        const auto c = static_cast<unsigned char>(here());
        if (c == '"') {
            ++position_;
            return true;
        }
        if (c == '\\') {
            if (!escape()) {
                return false;
            }
        } else if (c < 0x20) {
            return unexpected();
        } else if (c < 0x80) {
            ++position_;
        } else if (const std::size_t length = utf8_length(text_.substr(position_, 4)); length != 0) {
            position_ += length;
        } else {
            syntax_ = {.status = 400, .detail = fmt::format("{} is not UTF-8, at byte {}", rules_.subject, position_)};
            return false;
        }
    }
    return unexpected();
}

bool Scanner::escape() {
    ++position_;
    if (at_end()) {
        return unexpected();
    }
    if (here() != 'u') {
        return std::string_view("\"\\/bfnrt").find(here()) == std::string_view::npos ? unexpected()
                                                                                     : (++position_, true);
    }
    ++position_;
    for (int i = 0; i < 4; ++i, ++position_) {
        if (at_end() || hex_value(here()) < 0) {
            return unexpected();
        }
    }
    return true;
}

bool Scanner::number() {
    if (here() == '-') {
        ++position_;
    }
    if (!at_end() && here() == '0') {
        ++position_;
    } else if (!digits()) {
        return false;
    }
    if (!at_end() && here() == '.') {
        ++position_;
        if (!digits()) {
            return false;
        }
    }
    if (!at_end() && (here() == 'e' || here() == 'E')) {
        ++position_;
        if (!at_end() && (here() == '+' || here() == '-')) {
            ++position_;
        }
        return digits();
    }
    return true;
}

bool Scanner::digits() {
    if (at_end() || !is_digit(here())) {
        return unexpected();
    }
    while (!at_end() && is_digit(here())) {
        ++position_;
    }
    return true;
}

bool Scanner::word(std::string_view expected) {
    for (const char c : expected) {
        if (at_end() || here() != c) {
            return unexpected();
        }
        ++position_;
    }
    return true;
}

bool Scanner::unexpected() {
    syntax_ = {.status = 400,
               .detail = at_end() ? fmt::format("{} ends inside its JSON, at byte {}", rules_.subject, position_)
                                  : fmt::format("{} is not JSON, at byte {}", rules_.subject, position_)};
    return false;
}

/// Keeps the first objection; a syntax error found later outranks it.
void Scanner::object_to(Problem problem) {
    if (!rule_) {
        rule_ = std::move(problem);
    }
}

/// Names the envelope for people: the subject, or [3] in a batch (counted from 0).
std::string Scanner::item() const {
    return top_ == '[' && items_ > 0 ? fmt::format("[{}]", items_ - 1) : std::string(rules_.subject);
}

/// Names the place for people: payload, or [3].payload in a batch.
std::string Scanner::where() const {
    if (field_.empty()) {
        return item();
    }
    const std::string name = shortened(field_, kLongestNameShown);
    return top_ == '[' && items_ > 0 ? item() + '.' + name : name;
}

std::optional<Problem> Scanner::judge_top() const {
    if (top_ == '[' && rules_.array_allowed) {
        if (items_ == 0 || items_ > rules_.max_items) {
            return Problem{.status = 422,
                           .detail = fmt::format("a batch has 1 to {} items, this one {}", rules_.max_items, items_)};
        }
        return std::nullopt;
    }
    if (top_ != '{') {
        return Problem{.status = 422,
                       .detail = fmt::format("{} must be a JSON object{}", rules_.subject,
                                             rules_.array_allowed ? " or an array of them" : "")};
    }
    if (any_field_ && !rules_.fields_allowed) {
        return Problem{.status = 422,
                       .detail = "this request takes no fields",
                       .values = shortened(field_, kLongestNameShown),
                       .hint = "Send no body, or {}."};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> check_json(std::string_view body, const JsonRules& rules) { return Scanner(body, rules).run(); }

std::optional<Problem> check_json(std::string_view body, const JsonRules& rules, JsonFields& fields) {
    Scanner scanner(body, rules);
    auto problem = scanner.run();
    if (!problem) {
        fields = std::move(scanner.fields());
    }
    return problem;
}

}  // namespace moai::api
