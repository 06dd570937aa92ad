// What the tests of CurlTransport share: a loop, a transport on it, and waiting for results with a deadline.
#pragma once

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "delivery/curl_transport.hpp"

namespace moai::test {

/// Sends requests from the calling thread and runs the loop there. Not thread-safe.
class DeliveryClient {
public:
    /// The defaults, for receivers on this machine.
    static delivery::CurlTransportOptions local_options() {
        delivery::CurlTransportOptions options;
        options.egress = delivery::EgressPolicy(
            {.allowed = {base::Destination::parse("127.0.0.0/8").value(), base::Destination::parse("::1").value()}});
        return options;
    }

    explicit DeliveryClient(delivery::CurlTransportOptions options = local_options(),
                            delivery::Resolver::LookUp look_up = delivery::look_up_name)
        : transport(loop, std::move(options), std::move(look_up)) {
        std::signal(SIGPIPE, SIG_IGN);  // as the transport asks of its process
    }

    static worker::OutgoingRequest request(std::string url, std::string body = "{}") {
        worker::OutgoingRequest result;
        result.url = std::move(url);
        result.body = std::move(body);
        result.header_lines = {"content-type: application/json"};
        result.timeout = std::chrono::milliseconds(10'000);
        result.connect_timeout = std::chrono::milliseconds(5'000);
        return result;
    }

    void send(worker::OutgoingRequest request) {
        sending_ = true;
        transport.send(std::move(request), [this](worker::TransferResult result) {
            called_within_send = called_within_send || sending_;
            results.push_back(std::move(result));
            if (results.size() >= awaited_) {
                loop.stop();
            }
        });
        sending_ = false;
    }

    /// Runs the loop until there are `count` results; false if `deadline` passes first.
    [[nodiscard]] bool wait_for(std::size_t count, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
        awaited_ = count;
        if (results.size() < count) {
            const auto guard = loop.at(std::chrono::steady_clock::now() + deadline, [this] { loop.stop(); });
            loop.run();
            loop.cancel(guard);
        }
        return results.size() >= count;
    }

    /// Sends one request and returns its result; an `internal` one if none comes in time.
    worker::TransferResult fetch(worker::OutgoingRequest request) {
        const std::size_t before = results.size();
        send(std::move(request));
        if (!wait_for(before + 1)) {
            worker::TransferResult none;
            none.error_class = worker::ErrorClass::internal;
            none.error_detail = "the test gave up waiting";
            return none;
        }
        return results.back();
    }
    worker::TransferResult fetch(const std::string& url) { return fetch(request(url)); }

    base::EventLoop loop;
    delivery::CurlTransport transport;
    std::vector<worker::TransferResult> results;
    bool called_within_send = false;

private:
    std::size_t awaited_ = 0;
    bool sending_ = false;
};

}  // namespace moai::test
