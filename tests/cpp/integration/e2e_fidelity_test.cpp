// What a receiver gets is what was published, byte for byte, whichever way it went in.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

std::vector<std::string> corpus() {
    return {
        R"({"z":1,"a":2,"m":{"y":[],"b":{}}})",
        R"([1.0,1e5,1E+5,-0,-0.0,0.1000,1e-7,12345678901234567890123456789,0.30000000000000004])",
        R"(["\u00e9","é","\/","/","\n\t\b\f\r\"\\","\ud83d\ude00","😀","\u007f"])",
        R"({"a":1,"a":2,"A":3})",
        "{\"spaces\" :\t[ 1 ,\n  2 ,\r\n 3 ] , \"e\" : { } }",
        R"("a string")",
        "-12.50",
        "null",
        "true",
        "[]",
        "{}",
        "\"" + repeated("0123456789abcdef", 65'536).substr(2) + "\"",  // 1 MiB with its quotes
        repeated("[", 512) + repeated("]", 512),
        repeated(R"({"k":)", 511) + "{}" + repeated("}", 511),
        "\"😀 ünïcödé \xE2\x80\xA8 \xF4\x8F\xBF\xBF\"",
    };
}

struct Fidelity : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    MoaiProcess moai{server("run", database.url())};
    RestClient api{api_port(moai)};
    pg::Connection sql{database.url(), "test"};
    const std::vector<std::string> payloads = corpus();

    /// Waits until each of `events` (id, and the expected body) has come; what came must be equal to it.
    void expect_delivered(const std::map<std::string, std::string>& events) {
        ASSERT_TRUE(receiver.wait_for_distinct(events.size(), 30s)) << receiver.distinct_deliveries();
        for (const ReceivedRequest& request : receiver.requests()) {
            const auto expected = events.find(request.header("webhook-id"));
            ASSERT_NE(expected, events.end());
            EXPECT_TRUE(request.body == expected->second)
                << "published " << expected->second.substr(0, 200) << "\narrived   " << request.body.substr(0, 200);
        }
    }
};

struct RawFidelity : Fidelity {
    RawFidelity() { static_cast<void>(subscribe(sql, receiver.url(), "format => 'raw'")); }
};

TEST_F(RawFidelity, ThroughSqlPublish) {
    std::map<std::string, std::string> events;
    for (const std::string& payload : payloads) {
        events.emplace(publish(sql, payload), payload);
    }
    expect_delivered(events);
}

TEST_F(RawFidelity, ThroughARestRequestEach) {
    std::map<std::string, std::string> events;
    for (const std::string& payload : payloads) {
        const auto answer = api.post("/events", "{ \"payload\":" + payload + ", \"type\":\"a\"}");
        ASSERT_EQ(answer.status, 202) << answer.body << payload.substr(0, 100);
        events.emplace(json_at(answer.body, "/id"), payload);
    }
    expect_delivered(events);
}

std::string batch_of(const std::vector<std::string>& payloads) {
    std::string batch = "[";
    for (const std::string& payload : payloads) {
        batch += (batch.size() > 1 ? ",\n" : "") + std::string(R"({"type":"a","payload": )") + payload + "}";
    }
    return batch + "]";
}

TEST_F(RawFidelity, ThroughARestBatch) {
    const auto answer = api.post("/events", batch_of(payloads));
    ASSERT_EQ(answer.status, 202) << answer.body;
    std::map<std::string, std::string> events;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        events.emplace(json_at(answer.body, fmt::format("/items/{}/id", i)), payloads[i]);
    }
    expect_delivered(events);
}

TEST_F(RawFidelity, ThroughPublishBatch) {
    const std::string batch = batch_of(payloads);
    const pg::Result rows = sql.query("SELECT id FROM moai.publish_batch($1) ORDER BY item", {batch});
    ASSERT_EQ(rows.rows(), static_cast<int>(payloads.size()));
    std::map<std::string, std::string> events;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        events.emplace(rows.text(static_cast<int>(i), 0), payloads[i]);
    }
    expect_delivered(events);
}

TEST_F(Fidelity, RawAfterDeadLetterAndRedrive) {
    static_cast<void>(subscribe(sql, receiver.url(), "format => 'raw', max_attempts => 1"));
    receiver.on("/", Answer{.status = 500});
    std::map<std::string, std::string> events;
    for (const std::string& payload : payloads) {
        events.emplace(publish(sql, payload), payload);
    }
    const std::string all = std::to_string(payloads.size());
    ASSERT_TRUE(eventually([&] { return value(sql, "SELECT count(*) FROM moai.dead_letter") == all; }));
    receiver.on("/", Answer{.status = 200});
    receiver.clear();
    const auto redriven = api.post("/dead-letters/redrive", "{}");
    ASSERT_EQ(redriven.status / 100, 2) << redriven.body;
    expect_delivered(events);
}

TEST_F(Fidelity, TheStandardEnvelopeHoldsThePayloadsBytes) {
    static_cast<void>(subscribe(sql, receiver.url()));
    std::map<std::string, std::string> published;
    for (const std::string& payload : payloads) {
        published.emplace(publish(sql, payload, "user.created"), payload);
    }
    ASSERT_TRUE(receiver.wait_for_distinct(published.size(), 30s));
    for (const ReceivedRequest& request : receiver.requests()) {
        const std::string& payload = published.at(request.header("webhook-id"));
        const std::string start = R"({"type":"user.created","timestamp":")";
        ASSERT_TRUE(request.body.starts_with(start)) << request.body.substr(0, 200);
        const auto end_of_time = request.body.find('"', start.size());
        const std::string time = request.body.substr(start.size(), end_of_time - start.size());
        EXPECT_TRUE(std::regex_match(time, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)"))) << time;
        EXPECT_TRUE(request.body.substr(end_of_time) == R"(","data":)" + payload + "}") << request.body.substr(0, 200);
    }
}

TEST_F(RawFidelity, WhatJsonbCannotHoldIsRefusedByEveryWay) {
    const std::vector<std::string> unfit{"1e400000", R"("\u0000")", R"("\ud800")",
                                         repeated("[", 513) + repeated("]", 513),
                                         "\"" + repeated("x", 1'048'575) + "\""};
    for (const std::string& payload : unfit) {
        const std::string shown = payload.substr(0, 20);
        const std::string bad_item = R"({"type":"a","payload":)" + payload + "}";
        EXPECT_EQ(api.post("/events", bad_item).status, 422) << shown;
        EXPECT_EQ(api.post("/events", "[" + bad_item + "]").status, 422) << shown;
        try {
            publish(sql, payload);
            ADD_FAILURE() << "published " << shown;
        } catch (const pg::Error& error) {
            EXPECT_EQ(error.sqlstate(), "MO422") << shown << error.what();
        }
    }
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.event"), "0");
}

TEST_F(RawFidelity, AnUnfitPayloadInABatchIsReportedAndTheOthersArePublished) {
    const auto batch = api.post(
        "/events", R"([{"type":"a","payload":1e400000},{"type":"a","payload":"\u0000"},{"type":"a","payload":"good"},)"
                   R"({"type":"a","payload":"\ud800"}])");
    ASSERT_EQ(batch.status, 202) << batch.body;
    for (const char* bad : {"/items/0/code", "/items/1/code", "/items/3/code"}) {
        EXPECT_EQ(json_at(batch.body, bad), "MO422");
    }
    expect_delivered({{json_at(batch.body, "/items/2/id"), "\"good\""}});
}

}  // namespace
}  // namespace moai::test
