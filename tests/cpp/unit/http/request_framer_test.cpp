// request_framer: the promises of src/http/request_framer.hpp, one test each.
#include "http/request_framer.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <random>
#include <string>
#include <vector>

namespace moai::http {
namespace {

using Step = RequestFramer::Step;

/// What came out of a stream: the requests, then perhaps the status of the failure.
struct Framed {
    std::vector<FramedRequest> requests;
    int heads = 0;
    int status = 0;
};

Framed frame(const std::vector<std::string_view>& pieces, FramerLimits limits = {}) {
    RequestFramer framer(limits);
    Framed result;
    for (const std::string_view piece : pieces) {
        framer.feed(piece);
        for (Step step = framer.next(); step != Step::need_more; step = framer.next()) {
            if (step == Step::failed) {
                result.status = framer.failure().status;
                return result;
            }
            if (step == Step::head) {
                ++result.heads;
            } else {
                result.requests.push_back(framer.take());
            }
        }
    }
    return result;
}

const std::string kTwo =
    "\r\nPOST /events?x=1 HTTP/1.1\r\nHost: localhost:3000\r\nX-Empty:\r\nX-Blank: \t a b \t\r\nContent-Length: "
    "7\r\n\r\n{\"a\r\n\r\n"
    "GET http://Example.org?q HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\n";

void expect_two(const Framed& framed) {
    ASSERT_EQ(framed.status, 0);
    ASSERT_EQ(framed.requests.size(), 2U);
    EXPECT_EQ(framed.heads, 2);
    const FramedRequest& post = framed.requests[0];
    EXPECT_EQ(post.method, "POST");
    EXPECT_EQ(post.path, "/events");
    EXPECT_EQ(post.query, "x=1");
    EXPECT_EQ(post.host, "localhost:3000");
    EXPECT_EQ(post.body, "{\"a\r\n\r\n");
    EXPECT_TRUE(post.keep_alive);
    ASSERT_EQ(post.headers.size(), 4U);
    EXPECT_EQ(post.headers[1].name, "x-empty");
    EXPECT_EQ(post.headers[1].value, "");
    EXPECT_EQ(post.headers[2].value, "a b");
    const FramedRequest& get = framed.requests[1];
    EXPECT_EQ(get.path, "/");
    EXPECT_EQ(get.query, "q");
    EXPECT_EQ(get.host, "Example.org");
    EXPECT_TRUE(get.is_http10);
    EXPECT_TRUE(get.keep_alive);
    EXPECT_EQ(get.body, "");
}

TEST(RequestFramer, ReadsTheSameWhereverTheStreamIsCutInThree) {
    const std::string_view bytes = kTwo;
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        for (std::size_t second = first; second <= bytes.size(); second += 7) {
            expect_two(frame({bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)}));
            if (::testing::Test::HasFailure()) {
                FAIL() << "cut at " << first << " and " << second;
            }
        }
    }
}

TEST(RequestFramer, ReadsAByteAtATime) {
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < kTwo.size(); ++i) {
        bytes.push_back(std::string_view(kTwo).substr(i, 1));
    }
    expect_two(frame(bytes));
}

TEST(RequestFramer, RefusesTheSameWhereverTheStreamIsCut) {
    const std::vector<std::pair<std::string, int>> refused{
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"\r\n\r\nGET / HTTP/1.1\r\n", 400},
        {"\nGET / HTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHo st: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\n\r\n", 400},
        {"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
        {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 411},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n", 413},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417},
        {std::string(40, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    };
    for (const auto& [text, status] : refused) {
        const std::string_view bytes = text;
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            const Framed framed = frame({bytes.substr(0, cut), bytes.substr(cut)});
            EXPECT_EQ(framed.status, status) << text << " cut at " << cut;
            EXPECT_TRUE(framed.requests.empty()) << text;
        }
    }
}

TEST(RequestFramer, RefusesEndlessLinesBeforeTheyEnd) {
    const std::string a(20'000, 'a');
    EXPECT_EQ(frame({a}).status, 400);
    EXPECT_EQ(frame({"GET /", a}).status, 414);
    EXPECT_EQ(frame({"GET / HTTP/1.1\r\nX: ", a}).status, 431);
}

TEST(RequestFramer, CountsAllHeaderLinesAgainstTheLimit) {
    const std::string line = "X-A: " + std::string(93, 'a') + "\r\n";  // 100 bytes
    FramerLimits limits;
    limits.max_header_bytes = 1'000;
    const auto with_lines = [&](int count) {
        std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (int i = 0; i < count; ++i) {
            bytes += line;
        }
        return frame({bytes + "\r\n"}, limits);
    };
    EXPECT_EQ(with_lines(9).requests.size(), 1U);
    EXPECT_EQ(with_lines(10).status, 431);
}

TEST(RequestFramer, TellsThatABodysLengthIsMissingOnlyWhereABodyBelongs) {
    for (const auto& [method, missing] : std::vector<std::pair<std::string, bool>>{
             {"POST", true}, {"PUT", true}, {"PATCH", true}, {"GET", false}, {"DELETE", false}}) {
        const Framed framed = frame({method + " / HTTP/1.1\r\nHost: a\r\n\r\n"});
        ASSERT_EQ(framed.requests.size(), 1U) << method;
        EXPECT_EQ(framed.requests[0].length_missing, missing) << method;
    }
}

TEST(RequestFramer, NeverReadsABodyAsARequest) {
    const std::string body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const Framed framed =
        frame({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
    ASSERT_EQ(framed.requests.size(), 1U);
    EXPECT_EQ(framed.requests[0].body, body);
}

/// Bytes that this process has from malloc. Always 0 under a sanitizer, whose allocator glibc does not know.
std::size_t in_use() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(RequestFramer, HoldsALongBodyOnceAndNothingOfItAfterwards) {
    constexpr std::size_t kBody = 2U << 20;
    constexpr std::size_t kRead = 64U << 10;
    const std::string next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n" +
                              std::string(kBody, 'b') + next;
    const std::size_t before = in_use();
    RequestFramer framer{FramerLimits{}};
    std::size_t fed = 0;
    Step step = Step::need_more;
    while (step != Step::complete) {
        ASSERT_LT(fed, bytes.size());
        framer.feed(std::string_view(bytes).substr(fed, kRead));
        fed += kRead;
        step = framer.next();
        if (step == Step::head) {
            step = framer.next();
        }
        EXPECT_LT(in_use(), before + kBody + 3 * kRead) << "after " << fed << " bytes";
    }
    {
        const FramedRequest request = framer.take();
        EXPECT_EQ(request.body, std::string(kBody, 'b'));
    }
    EXPECT_LT(in_use(), before + 3 * kRead);
    EXPECT_EQ(framer.next(), Step::head);
    EXPECT_EQ(framer.next(), Step::complete);
    EXPECT_EQ(framer.take().path, "/next");
}

TEST(RequestFramer, StaysFailedWhateverComesNext) {
    RequestFramer framer{FramerLimits{}};
    framer.feed("nonsense\r\n");
    EXPECT_EQ(framer.next(), Step::failed);
    framer.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(framer.next(), Step::failed);
}

TEST(RequestFramer, IsIdleOnlyBetweenRequests) {
    RequestFramer framer{FramerLimits{}};
    EXPECT_TRUE(framer.idle());
    framer.feed("G");
    EXPECT_EQ(framer.next(), Step::need_more);
    EXPECT_FALSE(framer.idle());
    framer.feed("ET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(framer.next(), Step::head);
    EXPECT_EQ(framer.next(), Step::complete);
    EXPECT_EQ(framer.take().path, "/");
    EXPECT_TRUE(framer.idle());
}

// Random edits of a good stream, cut at random: the outcome must not depend on the cuts, and nothing may crash or hang.
TEST(RequestFramer, SaysTheSameOfAMangledStreamHoweverItIsCut) {
    std::mt19937 random(20220901);  // a fixed seed, so that a failure can be repeated
    const std::string alphabet = std::string("\r\n :\t,/?%#09azGT\x7f\xff", 19) + '\0';
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = kTwo;
        for (unsigned edits = random() % 4; edits > 0; --edits) {
            bytes[random() % bytes.size()] = alphabet[random() % alphabet.size()];
        }
        const std::string_view view = bytes;
        const std::size_t cut = random() % bytes.size();
        const Framed whole = frame({view});
        const Framed halves = frame({view.substr(0, cut), view.substr(cut)});
        ASSERT_EQ(whole.requests.size(), halves.requests.size()) << ::testing::PrintToString(bytes) << cut;
        ASSERT_EQ(whole.status, halves.status) << ::testing::PrintToString(bytes) << cut;
        for (std::size_t i = 0; i < whole.requests.size(); ++i) {
            ASSERT_EQ(whole.requests[i].path, halves.requests[i].path);
            ASSERT_EQ(whole.requests[i].body, halves.requests[i].body);
        }
    }
}

}  // namespace
}  // namespace moai::http
