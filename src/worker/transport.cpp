// The text form of ErrorClass: what stands in the attempt, the metric and the log.
#include "worker/transport.hpp"

namespace moai::worker {

std::string_view error_class_name(ErrorClass value) noexcept {
    switch (value) {
        case ErrorClass::none: return "none";
        case ErrorClass::http_status: return "http_status";
        case ErrorClass::dns: return "dns";
        case ErrorClass::connect: return "connect";
        case ErrorClass::connect_timeout: return "connect_timeout";
        case ErrorClass::tls: return "tls";
        case ErrorClass::timeout: return "timeout";
        case ErrorClass::connection_lost: return "connection_lost";
        case ErrorClass::invalid_response: return "invalid_response";
        case ErrorClass::blocked: return "blocked";
        case ErrorClass::invalid_request: return "invalid_request";
        case ErrorClass::lease_expired: return "lease_expired";
        case ErrorClass::internal: return "internal";
    }
    return "internal";
}

}  // namespace moai::worker
