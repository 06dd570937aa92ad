#include "support/paths.hpp"

namespace moai::test {

std::string source_dir() { return MOAI_SOURCE_DIR; }
std::string moai_binary() { return MOAI_BINARY; }

}  // namespace moai::test
