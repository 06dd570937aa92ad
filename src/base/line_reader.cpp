#include "base/line_reader.hpp"

#include <algorithm>
#include <utility>

namespace moai::base {
namespace {

constexpr std::size_t kRead = std::size_t{64} * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(Source source, std::size_t longest) : source_(std::move(source)), longest_(longest) {}

bool LineReader::next(Line& line) {
    for (;;) {
        if (number_ == 0) {
            skip_byte_order_mark();
        }
        const std::string_view unread = std::string_view(buffer_).substr(begin_);
        const std::size_t end = unread.find('\n', scanned_);
        const bool found = end != std::string_view::npos;
        if (!found && !ended_) {
            scanned_ = unread.size();
            // The CR of a CR LF may be the last byte yet.
            if (scanned_ > longest_ + 1) {
                skipped_ += scanned_ - 1;
                drop(scanned_ - 1);
            }
            ended_ = !fill();
            continue;
        }
        if (!found && unread.empty() && skipped_ == 0) {
            return false;
        }
        std::string_view text = unread.substr(0, end);
        if (found && text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        line = {.number = ++number_,
                .text = text,
                .too_long = skipped_ + text.size() > longest_,
                .length = skipped_ + text.size()};
        if (line.too_long) {
            line.text = {};
        }
        skipped_ = 0;
        drop(found ? end + 1 : unread.size());
        return true;
    }
}

/// The bytes stay where they are, for the line just given; fill() moves the rest to the front.
void LineReader::drop(std::size_t bytes) {
    begin_ += bytes;
    consumed_ += bytes;
    scanned_ = 0;
}

bool LineReader::fill() {
    buffer_.erase(0, std::exchange(begin_, 0));
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kRead);
    std::size_t got = 0;
    try {
        got = source_(std::span(buffer_).subspan(before));
    } catch (...) {
        buffer_.resize(before);
        throw;
    }
    buffer_.resize(before + got);
    return got > 0;
}

void LineReader::skip_byte_order_mark() {
    while (!ended_ && buffer_.size() < kByteOrderMark.size()) {
        ended_ = !fill();
    }
    if (consumed_ == 0 && buffer_.starts_with(kByteOrderMark)) {
        drop(kByteOrderMark.size());
    }
}

}  // namespace moai::base
