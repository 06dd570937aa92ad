#include "support/cpu.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace moai::bench {
namespace {

double seconds(long ticks) { return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

struct Process {
    pid_t parent = 0;
    double own = 0, ended_children = 0;
};

std::optional<Process> read_process(const std::filesystem::path& folder) {
    std::ifstream file(folder / "stat");
    std::string line;
    if (!std::getline(file, line)) {
        return std::nullopt;
    }
    // The name, in parentheses, may hold anything; after it: state, ppid, ten others, then the four times.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    Process process;
    fields >> skipped >> process.parent;
    for (int i = 0; i < 9; ++i) {
        fields >> skipped;
    }
    long user = 0, system = 0, children_user = 0, children_system = 0;
    fields >> user >> system >> children_user >> children_system;
    process.own = seconds(user + system);
    process.ended_children = seconds(children_user + children_system);
    return process;
}

// A process with all below it, those included that have ended and were waited for.
double tree_cpu(const std::map<pid_t, Process>& all, pid_t root) {
    double sum = 0;
    for (const auto& [pid, process] : all) {
        if (pid == root) {
            sum += process.own + process.ended_children;
        } else if (process.parent == root) {
            sum += tree_cpu(all, pid);
        }
    }
    return sum;
}

double machine_cpu() {
    std::ifstream file("/proc/stat");
    std::string skipped;
    long user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0;
    file >> skipped >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
    return seconds(user + nice + system + irq + softirq);
}

}  // namespace

double CpuUse::foreign_share() const {
    return capacity > 0 ? std::max(0.0, (busy - moai - postgres - own) / capacity) : 0;
}

std::string CpuUse::text(double units) const {
    const auto each = [&](double used) { return 1e6 * std::max(used, 0.0) / units; };
    return fmt::format("{:.0f} % of {} cores busy; µs each: moai {:.1f}, PostgreSQL {:.1f}, receiver and load {:.1f}",
                       100 * busy_share(), std::thread::hardware_concurrency(), each(moai), each(postgres), each(own));
}

CpuMeter::CpuMeter(pid_t postmaster, std::vector<pid_t> moai)
    : postmaster_(postmaster), moai_(std::move(moai)), begin_(std::chrono::steady_clock::now()), at_begin_(now()) {}

CpuUse CpuMeter::now() const {
    std::map<pid_t, Process> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") == std::string::npos) {
            if (const auto process = read_process(entry.path())) {
                all[std::stoi(name)] = *process;
            }
        }
    }
    CpuUse use;
    for (const pid_t pid : moai_) {
        use.moai += tree_cpu(all, pid);
    }
    use.postgres = tree_cpu(all, postmaster_);
    use.own = tree_cpu(all, ::getpid()) - use.moai;
    use.busy = machine_cpu();
    return use;
}

CpuUse CpuMeter::read() const {
    CpuUse use = now();
    use.moai -= at_begin_.moai;
    use.postgres -= at_begin_.postgres;
    use.own -= at_begin_.own;
    use.busy -= at_begin_.busy;
    use.capacity = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count() *
                   std::thread::hardware_concurrency();
    return use;
}

double process_cpu(pid_t pid) {
    const auto process = read_process(fmt::format("/proc/{}", pid));
    if (!process) {
        throw std::runtime_error(fmt::format("process {} is gone", pid));
    }
    return process->own;
}

}  // namespace moai::bench
