// What libpq is told for the URLs that people write, and what is never repeated of them.
#include "pg/connection_parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "pg/error.hpp"

namespace moai::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::map<std::string, std::string> told(const std::string& url) {
    const ConnectionParameters parameters(url, "moai test");
    std::map<std::string, std::string> settings;
    for (std::size_t i = 0; parameters.keywords()[i] != nullptr; ++i) {
        settings[parameters.keywords()[i]] = parameters.values()[i];
    }
    return settings;
}

std::string refusal(const std::string& url) {
    try {
        std::ignore = told(url);
    } catch (const Error& error) {
        return error.sqlstate() + " " + error.what() + " " + error.detail() + " " + error.hint();
    }
    return "taken";
}

TEST(ConnectionParameters, TakeAUri) {
    const auto settings = told("postgresql://ann:p%40ss@db.example:5433/shop?sslmode=require");
    EXPECT_EQ(settings.at("host"), "db.example");
    EXPECT_EQ(settings.at("port"), "5433");
    EXPECT_EQ(settings.at("user"), "ann");
    EXPECT_EQ(settings.at("password"), "p@ss");
    EXPECT_EQ(settings.at("dbname"), "shop");
    EXPECT_EQ(settings.at("sslmode"), "require");
}

TEST(ConnectionParameters, TakeKeysAndValues) {
    const auto settings = told("host=/run/postgresql dbname='my shop' user=ann");
    EXPECT_EQ(settings.at("host"), "/run/postgresql");
    EXPECT_EQ(settings.at("dbname"), "my shop");
}

TEST(ConnectionParameters, TakeSeveralHosts) {
    EXPECT_EQ(told("postgresql://ann@a,b:5433/shop?target_session_attrs=read-write").at("host"), "a,b");
}

TEST(ConnectionParameters, AddTimeoutAndKeepalives) {
    const auto settings = told("postgresql:///shop");
    EXPECT_EQ(settings.at("connect_timeout"), "5");
    EXPECT_EQ(settings.at("keepalives"), "1");
    EXPECT_EQ(settings.at("keepalives_idle"), "10");
    EXPECT_EQ(settings.at("tcp_user_timeout"), "15000");
    EXPECT_EQ(settings.at("application_name"), "moai test");
}

TEST(ConnectionParameters, LeaveTimeoutAndKeepalivesToTheUrl) {
    const ConnectionParameters parameters("postgresql:///shop?connect_timeout=17&keepalives_idle=60", "");
    EXPECT_EQ(parameters.connect_timeout(), std::chrono::seconds(17));
    EXPECT_EQ(told("postgresql:///shop?keepalives_idle=60").at("keepalives_idle"), "60");
}

TEST(ConnectionParameters, KeepADeadlineWhereTheUrlWouldWaitForever) {
    EXPECT_EQ(ConnectionParameters("postgresql:///shop?connect_timeout=0", "").connect_timeout(),
              std::chrono::seconds(5));
}

TEST(ConnectionParameters, OfSeveralServersWantOneThatTakesWrites) {
    EXPECT_EQ(told("host=a,b").at("target_session_attrs"), "read-write");
    EXPECT_EQ(told("host=a,b target_session_attrs=any").at("target_session_attrs"), "any");
    EXPECT_FALSE(told("host=a").contains("target_session_attrs"));
}

TEST(ConnectionParameters, TakeTheServersOfAListApart) {
    const ConnectionParameters all("postgresql://ann@a:1,b:2/shop", "moai");
    ASSERT_EQ(all.servers(), 2U);
    const auto second = told(ConnectionParameters(all, 1).conninfo());
    EXPECT_EQ(second.at("host"), "b");
    EXPECT_EQ(second.at("port"), "2");
    EXPECT_EQ(second.at("user"), "ann");
    EXPECT_EQ(second.at("target_session_attrs"), "read-write");

    const ConnectionParameters one_port("host=a,b,c port=7", "");
    EXPECT_EQ(told(ConnectionParameters(one_port, 2).conninfo()).at("port"), "7");
    const ConnectionParameters by_address("hostaddr=127.0.0.1,127.0.0.2 host=a,b", "");
    EXPECT_EQ(told(ConnectionParameters(by_address, 1).conninfo()).at("hostaddr"), "127.0.0.2");
    EXPECT_EQ(ConnectionParameters("postgresql:///shop", "").servers(), 1U);
}

TEST(ConnectionParameters, RefuseAListWhosePortsDoNotMatch) {
    const ConnectionParameters all("host=a,b port=1,2,3", "");
    EXPECT_THROW(ConnectionParameters(all, 1), Error);
}

TEST(ConnectionParameters, SpeakUtf8WhateverTheUrlSays) {
    EXPECT_EQ(told("postgresql:///shop?client_encoding=LATIN1").at("client_encoding"), "UTF8");
}

TEST(ConnectionParameters, SurviveTheWayThroughOneString) {
    const ConnectionParameters parameters("host=h user=ann password='it\\'s a \\\\ secret'", "a name");
    const auto settings = told(parameters.conninfo());
    EXPECT_EQ(settings.at("password"), "it's a \\ secret");
    EXPECT_EQ(settings.at("user"), "ann");
    EXPECT_EQ(settings.at("connect_timeout"), "5");
}

TEST(ConnectionParameters, RefuseAnUnescapedPasswordWithoutRepeatingIt) {
    for (const char* url : {"postgresql://ann:s3c@ret@db/shop", "postgres://ann:s3c/ret@db/shop"}) {
        EXPECT_THAT(refusal(url), HasSubstr("percent-encoded")) << url;
        EXPECT_THAT(refusal(url), Not(HasSubstr("s3c"))) << url;
        EXPECT_THAT(refusal(url), Not(HasSubstr("ret@"))) << url;
    }
}

TEST(ConnectionParameters, NeverRepeatThePasswordOfAUrlThatCannotBeUnderstood) {
    for (const char* url :
         {"postgresql://ann:s3cret@[::1/shop", "host=h password=a s3cret", "password='s3cret",
          "postgresql://ann:s3cret%zz@h/shop", "postgresql://ann:x@h/shop?password=s3cret=5", "s3cret"}) {
        EXPECT_THAT(refusal(url), HasSubstr("08001")) << url;
        EXPECT_THAT(refusal(url), Not(HasSubstr("s3cret"))) << url;
    }
}

struct Leak {
    const char* url;
    const char* secret;  ///< must never come back
    bool understood;
};
// What people write, and what two regular expressions once let through.
constexpr Leak kLeaks[] = {
    {"postgresql://u:Zk3/9w==@db/app", "9w", false},
    {"postgresql://u:Zk3/9w?a==@db/app", "Zk3", false},
    {"postgresql://u:Zk3/9w?sec=ret@db/app", "sec", false},
    {"postgresql://u:pa?ss@h", "pa?ss", true},
    {"postgresql://u:pa#ss@h", "pa#ss", true},
    {"postgresql://u@h/d?pass%77ord=sesame", "sesame", true},
    {"postgresql://u@h/d?pass%77ord=ses&xqz=x", "xqz", false},
    {"postgresql://u@h/d?sslpassword=sesame", "sesame", true},
    {"host=h user=u password=ses&xqz", "xqz", true},
    {"host=h user=u password=ses\\ xqz", "xqz", true},
    {"host=h user=u password=ses xqz=x", "xqz", false},
    {"host=h\nuser=u\npassword=sesame\n", "sesame", true},
    {"host = h user = u password = 'ses \\'xqz'", "xqz", true},
    {"u:secret@h/db", "secret", false},
    {"u:sec=ret@h/db", "sec", false},
    {"host=h dbname='postgresql://u:secret@h/db'", "secret", true},
};

TEST(DescribeDatabase, ShowsNoPasswordThatLibpqTakes) {
    for (const Leak& leak : kLeaks) {
        const auto target = describe_database(leak.url);
        EXPECT_EQ(target.has_value(), leak.understood) << leak.url;
        EXPECT_THAT(target ? target->text : "", Not(HasSubstr(leak.secret))) << leak.url;
        if (!leak.understood) {
            EXPECT_THAT(refusal(leak.url), Not(HasSubstr(leak.secret))) << leak.url;
        }
    }
}

TEST(DescribeDatabase, NamesUserHostPortAndDatabase) {
    EXPECT_EQ(describe_database("postgresql://ann:p%40ss@db.example:5433/shop?sslmode=require")->text,
              "ann@db.example:5433/shop");
    EXPECT_EQ(describe_database("host=/run/moai-x user=moai dbname=moai")->text, "moai@/run/moai-x/moai");
    EXPECT_EQ(describe_database("postgresql:///shop")->text, "/shop");
    EXPECT_EQ(describe_database("hostaddr=10.0.0.1 port=1")->text, "10.0.0.1:1");
}

TEST(DescribeDatabase, KnowsWhetherThereIsAPassword) {
    for (const char* url : {"postgresql://u:p@h", "postgresql://u@h?password=p", "password=p", "sslpassword=p"}) {
        EXPECT_TRUE(describe_database(url)->has_password) << url;
    }
    for (const char* url : {"postgresql://u@h/d", "postgresql://u:@h/d", "host=password", ""}) {
        EXPECT_FALSE(describe_database(url)->has_password) << url;
    }
}

TEST(ConnectionParameters, NameTheOptionThatDoesNotExist) {
    EXPECT_THAT(refusal("postgresql://ann@h/shop?sslmoed=require"), HasSubstr("sslmoed"));
    EXPECT_THAT(refusal("hots=h"), HasSubstr("hots"));
}

}  // namespace
}  // namespace moai::pg
