"""A receiver that keeps what the worker sends, byte for byte."""
import http.server
import queue
import threading


class Captured:
    def __init__(self, headers, body):
        self.headers = headers
        self.body = body


class Receiver:
    """Answers with the statuses it was given, then with 200. Captured requests are taken in the order they came."""

    def __init__(self, *statuses):
        captured = self._captured = queue.Queue()
        answers = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                captured.put(Captured({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(answers.pop(0) if answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def take(self, seconds=30):
        try:
            return self._captured.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"no webhook within {seconds} s") from None

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
