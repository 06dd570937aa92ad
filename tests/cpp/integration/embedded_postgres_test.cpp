// `moai run` with a PostgreSQL of its own: made, stopped, killed, shared with nobody.
// Through it: app/embedded_postgres.cpp, app/child_process.cpp, app/socket_dir.cpp, app/server_log.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/data_dir.hpp"
#include "base/unique_fd.hpp"
#include "config/exit_code.hpp"
#include "pg/connection.hpp"
#include "support/eventually.hpp"
#include "support/moai_process.hpp"
#include "support/raw_client.hpp"

namespace moai {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using test::MoaiProcess;
using test::run_moai;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kMakingACluster{180};  // initdb and a first migration, on a busy machine

class Embedded : public ::testing::Test {
protected:
    Embedded() {
        std::string name = "/tmp/moai-t-XXXXXX";
        folder = ::mkdtemp(name.data());
        ::chmod(folder.c_str(), 0755);  // as root, PostgreSQL's user must get through
    }
    ~Embedded() override {
        if (const auto socket_dir = app::read_file(app::DataDir(data_dir()).socket_record())) {
            fs::remove_all(socket_dir->substr(0, socket_dir->find('\n')));
        }
        fs::remove_all(folder);
    }

    [[nodiscard]] std::string data_dir() const { return (folder / "with space").string(); }
    [[nodiscard]] std::vector<std::string> run_arguments() const {
        return {"run", "--listen", "127.0.0.1:0", "--data-dir", data_dir()};
    }
    [[nodiscard]] std::string database_url() const {
        return app::running_embedded_database(app::DataDir(data_dir())).value();
    }
    [[nodiscard]] fs::path socket_folder() const {
        const auto record = app::read_file(app::DataDir(data_dir()).socket_record()).value();
        return record.substr(0, record.find('\n'));
    }
    /// The server's process, as a descriptor that becomes readable when it ends.
    [[nodiscard]] base::UniqueFd server() const {
        std::ifstream in(app::DataDir(data_dir()).cluster() / "postmaster.pid");
        pid_t pid = 0;
        in >> pid;
        return base::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    }
    static bool ends(const base::UniqueFd& process) {
        pollfd watched{process.get(), POLLIN, 0};
        return ::poll(&watched, 1, 60'000) == 1;
    }

    fs::path folder;
};

TEST_F(Embedded, ServesFromAnEmptyFolderAndKeepsItsDataOverAStop) {
    std::string id;
    {
        // Whatever the shell has exported: who names a folder means the database in it.
        MoaiProcess run(run_arguments(), {{"DATABASE_URL", "postgresql://moai@127.0.0.1:1/other"}});
        run.await("worker listening", kMakingACluster);
        run.await("API listening", kMakingACluster);
        const fs::path socket_dir = socket_folder();
        EXPECT_TRUE(fs::exists(socket_dir));
        const Finished published = run_moai({"publish", "--type", "a", "--payload", "{}", "--data-dir", data_dir()});
        ASSERT_EQ(published.code, 0) << published.err;
        id = published.out.substr(0, 36);
        EXPECT_EQ(run_moai({"status", "--data-dir", data_dir()}).code, 0);
        const auto process = server();
        run.send(SIGTERM);
        EXPECT_EQ(run.wait(), 0) << run.err();
        EXPECT_TRUE(ends(process));
        EXPECT_FALSE(fs::exists(socket_dir)) << "left behind";
    }
    EXPECT_EQ(app::running_embedded_database(app::DataDir(data_dir())), std::nullopt);
    MoaiProcess again(run_arguments());
    again.await("API listening", kMakingACluster);
    EXPECT_THAT(again.err(), Not(HasSubstr("making a PostgreSQL cluster")));
    EXPECT_EQ(pg::Connection(database_url(), "test")
                  .query("SELECT count(*) FROM moai.event WHERE id = '" + id + "'")
                  .text(0, 0),
              "1");
    again.send(SIGINT);
    EXPECT_EQ(again.wait(), 0) << again.err();
}

TEST_F(Embedded, KeepsOutOthersAndItselfConnectsAsAnOrdinaryLogin) {
    MoaiProcess run(run_arguments());
    run.await("API listening", kMakingACluster);
    pg::Connection database(database_url(), "test");
    EXPECT_EQ(database.query("SELECT session_user").text(0, 0), "moai");
    EXPECT_EQ(database.query("SELECT rolsuper OR rolbypassrls OR rolcreatedb FROM pg_roles WHERE rolname = 'moai'")
                  .text(0, 0),
              "f");
    EXPECT_EQ(database.query("SHOW listen_addresses").text(0, 0), "");
    EXPECT_EQ(database.query("SHOW server_encoding").text(0, 0), "UTF8");
    const auto record = app::read_file(app::DataDir(data_dir()).socket_record()).value();
    struct stat status {};
    ASSERT_EQ(::stat(record.substr(0, record.find('\n')).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);

    const Finished second = run_moai(run_arguments());
    EXPECT_EQ(second.code, static_cast<int>(config::ExitCode::embedded_postgres));
    EXPECT_THAT(second.err, HasSubstr("in use by another moai (process " + std::to_string(run.pid()) + ")"));
    run.send(SIGTERM);
    EXPECT_EQ(run.wait(), 0) << run.err();
}

TEST_F(Embedded, LeavesNoServerBehindWhenKilledAndStartsAgain) {
    base::UniqueFd process;
    {
        MoaiProcess run(run_arguments());
        run.await("API listening", kMakingACluster);
        process = server();
        run.send(SIGKILL);
        EXPECT_EQ(run.wait(), 128 + SIGKILL);
    }
    MoaiProcess again(run_arguments());
    again.await("API listening", kMakingACluster);
    EXPECT_TRUE(ends(process));
    again.send(SIGTERM);
    EXPECT_EQ(again.wait(), 0) << again.err();
}

TEST_F(Embedded, StopsMakingAClusterAtASignal) {
    MoaiProcess run(run_arguments());
    run.await("making a PostgreSQL cluster");
    run.send(SIGTERM);
    EXPECT_EQ(run.wait(std::chrono::seconds(15)), static_cast<int>(config::ExitCode::embedded_postgres)) << run.err();
    EXPECT_THAT(run.err(), HasSubstr("SIGTERM while making a PostgreSQL cluster"));
    EXPECT_FALSE(fs::exists(app::DataDir(data_dir()).cluster()));
}

// Two starts of one cluster: making one is what takes long.
TEST_F(Embedded, IsStoppedAtOnceByASecondSignalWhileItDrainsAndAfter) {
    MoaiProcess run(run_arguments());
    run.await("worker listening", kMakingACluster);
    const auto port = static_cast<std::uint16_t>(
        std::stoi(run.await(R"(API listening url=http://127\.0\.0\.1:(\d+))", kMakingACluster)));
    pg::Connection blocker(database_url(), "blocker");
    blocker.script("BEGIN; SELECT moai.publish('a', '1', idempotency_key => 'k')");
    test::RawClient client(port);
    ASSERT_TRUE(client.send(test::post_request("/events", R"({"type":"a","payload":1,"idempotency_key":"k"})")));
    ASSERT_TRUE(test::eventually([&] {
        return pg::Connection(database_url(), "test")
                   .query(
                       "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai api' AND "
                       "wait_event_type = 'Lock'")
                   .text(0, 0) == "1";
    }));
    ASSERT_EQ(::kill(blocker.backend_pid(), SIGSTOP), 0);
    const auto process = server();
    run.send(SIGTERM);
    run.await("draining");
    run.send(SIGTERM);
    EXPECT_EQ(run.wait(std::chrono::seconds(15)), static_cast<int>(config::ExitCode::drain_incomplete)) << run.err();
    EXPECT_TRUE(ends(process));

    MoaiProcess again(run_arguments());
    again.await("worker listening", kMakingACluster);
    again.await("API listening", kMakingACluster);
    // A session that does not answer holds a fast shutdown up for as long as it pleases.
    pg::Connection database(database_url(), "test");
    ASSERT_EQ(::kill(database.backend_pid(), SIGSTOP), 0);
    const auto second_process = server();
    again.send(SIGTERM);
    again.await("embedded PostgreSQL stopping");
    again.send(SIGTERM);
    EXPECT_EQ(again.wait(std::chrono::seconds(15)), 0) << again.err();  // all was drained before
    EXPECT_TRUE(ends(second_process));
}

TEST_F(Embedded, EndsWithAnErrorWhenItsServerDies) {
    MoaiProcess run(run_arguments());
    run.await("worker listening", kMakingACluster);
    run.await("API listening", kMakingACluster);
    const auto process = server();
    ASSERT_EQ(::syscall(SYS_pidfd_send_signal, process.get(), SIGQUIT, nullptr, 0), 0);
    EXPECT_EQ(run.wait(), static_cast<int>(config::ExitCode::embedded_postgres));
    EXPECT_THAT(run.err(), HasSubstr("postgres.log"));
}

}  // namespace
}  // namespace moai
