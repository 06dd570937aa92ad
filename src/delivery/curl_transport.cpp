// CurlTransport: libcurl's sockets and its one timer live in the event loop; requests move look-up -> multi -> done.
#include "delivery/curl_transport.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>
#include <new>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delivery/curl_sockets.hpp"
#include "delivery/transfer.hpp"

namespace moai::delivery {
namespace {

using worker::ErrorClass;
using worker::TransferResult;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kUrlsKept = 4096;

void check(CURLMcode code, const char* what) {
    if (code != CURLM_OK) {
        throw std::runtime_error(fmt::format("{}: {}", what, curl_multi_strerror(code)));
    }
}

struct MultiDeleter {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

CURLM* new_multi() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            throw std::runtime_error("curl_global_init failed");
        }
    });
    CURLM* multi = curl_multi_init();
    if (multi == nullptr) {
        throw std::bad_alloc();
    }
    return multi;
}

}  // namespace

struct CurlTransport::Impl {
    base::EventLoop& loop;
    const CurlTransportOptions options;
    std::unordered_map<Transfer*, std::unique_ptr<Transfer>> transfers;
    std::vector<EasyHandle> idle_handles;
    std::unordered_map<std::string, UrlCheck> urls;
    CurlSockets sockets;
    base::EventLoop::TimerId timer = 0;
    bool has_new = false;  // handles that libcurl has not looked at yet
    std::unique_ptr<CURLM, MultiDeleter> multi{new_multi()};
    Resolver resolver;

    Impl(base::EventLoop& its_loop, CurlTransportOptions its_options, Resolver::LookUp look_up)
        : loop(its_loop),
          options(std::move(its_options)),
          sockets(its_loop, {.on_ready = [this](curl_socket_t fd, int mask) { act(fd, mask); },
                             .on_count = options.on_connections}),
          resolver(its_loop, options.resolver, std::move(look_up)) {
        check(curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, &Impl::on_socket), "SOCKETFUNCTION");
        check(curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this), "SOCKETDATA");
        check(curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, &Impl::on_timer), "TIMERFUNCTION");
        check(curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this), "TIMERDATA");
        check(curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_connections)),
              "MAXCONNECTS");
        check(curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING)), "PIPELINING");
    }

    ~Impl() {
        for (const auto& [transfer, owner] : transfers) {
            loop.cancel(transfer->timer);
            if (transfer->easy() != nullptr) {
                curl_multi_remove_handle(multi.get(), transfer->easy());
            }
        }
        // Closes the pooled connections, and through their sockets their watches.
        multi.reset();
        loop.cancel(timer);
    }

    /// libcurl wants to know when `fd` is ready for `what`.
    static int on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* self, void* /*known*/) noexcept {
        static_cast<Impl*>(self)->sockets.want(fd, what);
        return 0;
    }

    /// libcurl wants to be called in `after_ms`. Not from here: it forbids calling it back at once.
    static int on_timer(CURLM* /*multi*/, long after_ms, void* self) noexcept {
        Impl& impl = *static_cast<Impl*>(self);
        impl.loop.cancel(std::exchange(impl.timer, 0));
        if (after_ms >= 0) {
            impl.timer = impl.loop.at(Clock::now() + std::chrono::milliseconds(after_ms), [&impl] {
                impl.timer = 0;
                impl.act(CURL_SOCKET_TIMEOUT, 0);
            });
        }
        return 0;
    }

    void act(curl_socket_t fd, int mask) {
        has_new = false;
        int running = 0;
        check(curl_multi_socket_action(multi.get(), fd, mask, &running), "curl_multi_socket_action");
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
            if (message->msg == CURLMSG_DONE) {
                // The message dies with the removal of its handle.
                const CURLcode code = message->data.result;
                finish(message->easy_handle, code);
            }
        }
    }

    void finish(CURL* easy, CURLcode code) {
        char* self = nullptr;
        if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self) != CURLE_OK) {
            throw std::logic_error("an easy handle without its transfer");
        }
        auto* transfer = reinterpret_cast<Transfer*>(self);
        TransferResult result = transfer->result(code);
        check(curl_multi_remove_handle(multi.get(), easy), "curl_multi_remove_handle");
        idle_handles.push_back(transfer->release_easy());
        complete(*transfer, std::move(result));
    }

    void complete(Transfer& transfer, TransferResult result) {
        const Done done = std::move(transfer.done());
        transfers.erase(&transfer);
        done(std::move(result));
    }

    /// Answers without having sent, in the loop's next round: send() itself must not call back.
    void complete_later(Transfer& transfer, ErrorClass error_class, std::string detail, bool never_sent = false) {
        transfer.timer = loop.at(Clock::now(), [this, &transfer, error_class, detail = std::move(detail), never_sent] {
            TransferResult result = transfer.unsent(error_class, detail);
            result.never_sent = never_sent;
            complete(transfer, std::move(result));
        });
    }

    void begin(Transfer& transfer) {
        if (!transfer.fault().empty()) {
            complete_later(transfer, ErrorClass::invalid_request, transfer.fault());
        } else if (transfer.target().literal) {
            hand_over(transfer, {});
        } else if (const auto known = resolver.cached(transfer.target().host)) {
            looked_up(transfer, *known);
        } else {
            resolver.resolve(
                transfer.target().host,
                [this, &transfer](const std::shared_ptr<const Resolution>& answer) { looked_up(transfer, *answer); });
        }
    }

    void looked_up(Transfer& transfer, const Resolution& answer) {
        if (answer.status == Resolution::Status::found) {
            hand_over(transfer, answer.addresses);
            return;
        }
        const bool is_ours = answer.status == Resolution::Status::our_fault;
        complete_later(transfer, is_ours ? ErrorClass::internal : ErrorClass::dns, answer.error, is_ours);
    }

    void hand_over(Transfer& transfer, const std::vector<std::string>& addresses) {
        if (Clock::now() > transfer.request().start_deadline) {
            complete_later(transfer, ErrorClass::lease_expired,
                           "too late to start: the lease would end before the answer");
            return;
        }
        try {
            transfer.prepare(take_handle(), addresses);
            check(curl_multi_add_handle(multi.get(), transfer.easy()), "curl_multi_add_handle");
            has_new = true;
        } catch (const std::runtime_error& error) {
            complete_later(transfer, ErrorClass::internal, error.what());
        }
    }

    /// Endpoints are few, their requests many.
    const UrlCheck& checked_url(const std::string& text) {
        const auto known = urls.find(text);
        if (known != urls.end()) {
            return known->second;
        }
        if (urls.size() >= kUrlsKept) {
            urls.clear();
        }
        return urls.emplace(text, check_url(text)).first->second;
    }

    EasyHandle take_handle() {
        if (idle_handles.empty()) {
            return Transfer::new_easy(options, sockets);
        }
        EasyHandle handle = std::move(idle_handles.back());
        idle_handles.pop_back();
        return handle;
    }
};

std::string client_version() { return curl_version(); }

CurlTransport::CurlTransport(base::EventLoop& loop, CurlTransportOptions options, Resolver::LookUp look_up)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(look_up))) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::send(worker::OutgoingRequest request, Done done) {
    const UrlCheck& url = impl_->checked_url(request.url);
    auto transfer =
        std::make_unique<Transfer>(std::move(request), url, std::move(done), impl_->options, impl_->sockets);
    Transfer& kept = *transfer;
    impl_->transfers.emplace(&kept, std::move(transfer));
    impl_->begin(kept);
}

void CurlTransport::begin_now() {
    // What libcurl would have been called for in the loop's next round, through its timer.
    if (impl_->has_new) {
        impl_->act(CURL_SOCKET_TIMEOUT, 0);
    }
}

std::size_t CurlTransport::in_flight() const { return impl_->transfers.size(); }

}  // namespace moai::delivery
