// Lines of a byte stream, one at a time and of bounded length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace moai::base {

/// Takes lines as any system ends them: by LF or CR LF, the last one by the end of the stream too. A byte order mark of
/// UTF-8 at the start is skipped. Not thread-safe. Memory: the longest line allowed and one read.
class LineReader {
public:
    /// Fills a part of the span and says how much; 0 is the end. Throws whatever goes wrong, for next() to pass on.
    using Source = std::function<std::size_t(std::span<char>)>;

    struct Line {
        std::uint64_t number = 0;  ///< from 1
        std::string_view text;     ///< without its end; valid until the next call. Empty if `too_long`
        bool too_long = false;     ///< more than `longest` bytes: skipped, `length` says how many
        std::uint64_t length = 0;
    };

    LineReader(Source source, std::size_t longest);

    /// The next line; false at the end. After an exception of the source it may be called again.
    [[nodiscard]] bool next(Line& line);

    /// How many bytes of the stream the lines given so far have taken, ends included.
    [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }

private:
    [[nodiscard]] bool fill();
    void drop(std::size_t bytes);
    void skip_byte_order_mark();

    Source source_;
    const std::size_t longest_;
    std::string buffer_;  ///< read, from `begin_` on not given yet
    std::size_t begin_ = 0;
    std::size_t scanned_ = 0;    ///< from `begin_`: bytes known to hold no line end
    std::uint64_t skipped_ = 0;  ///< of the line at `begin_`: dropped already, since it is too long
    std::uint64_t number_ = 0, consumed_ = 0;
    bool ended_ = false;
};

}  // namespace moai::base
