#include "app/key_pair.hpp"

#include "delivery/secret.hpp"

namespace moai::app {

KeyPair make_key_pair() {
    const delivery::Secret made = delivery::Secret::generate();
    return {made.private_text(), made.public_text()};
}

}  // namespace moai::app
