// The cluster of a program whose tests may torment it, but leave it running.
#pragma once

#include "support/test_cluster.hpp"

namespace moai::test {

/// Started at the first call, which must come from the main thread; stopped at the program's end. Never shared with
/// another program, so that a test may look at the whole server's sessions.
inline TestCluster& own_cluster() {
    static TestCluster cluster;
    return cluster;
}

}  // namespace moai::test
