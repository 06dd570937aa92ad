// What --allowed-host is given is what http::HostPolicy then accepts: config/values.cpp and http/host_policy.cpp agree.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "config/resolve.hpp"
#include "http/host_policy.hpp"

namespace moai::app {
namespace {

TEST(AllowedHosts, GoFromTheOptionToThePolicyInEveryFormTheyCanBeWritten) {
    struct Case {
        const char* option;
        const char* accepted;
        const char* refused;
    };
    for (const auto& [option, accepted, refused] : {
             Case{"Api.Example", "api.example:80", "x.api.example"},
             Case{"api.example:8443", "API.example:8443", "api.example:80"},
             Case{"192.0.2.7", "192.0.2.7:3000", "192.0.2.8"},
             Case{"2001:db8::7", "[2001:DB8:0::7]:3000", "[2001:db8::8]:3000"},
             Case{"[2001:db8::7]", "[2001:db8::7]", "[2001:db8::8]"},
             Case{"[2001:db8::7]:8443", "[2001:db8::7]:8443", "[2001:db8::7]:80"},
         }) {
        const auto settings = config::resolve(config::Command::serve, {{"--allowed-host", {option}}},
                                              [](const std::string&) -> std::optional<std::string> { return {}; });
        const http::HostPolicy policy(settings.listen.host, settings.allowed_hosts);
        EXPECT_TRUE(policy.accepts(accepted)) << option;
        EXPECT_FALSE(policy.accepts(refused)) << option;
    }
}

}  // namespace
}  // namespace moai::app
