import json
import os
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
from standardwebhooks.webhooks import Webhook

secrets = json.loads(os.environ["WEBHOOK_SECRETS"])  # {"<subscription id>": "whsec_…"}


def verified(body, headers):
    """The event, or None for a request that no secret of ours signed. `body` must be the bytes as they came."""
    try:
        return Webhook(secrets[headers["moai-subscription-id"]]).verify(body, dict(headers))
    except Exception:  # an unknown subscription, a missing header, a wrong signature, an old timestamp
        return None


def handle_once(event, headers):
    """The mark and the work commit together: a repeat finds the mark, a crash leaves neither."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        mark = connection.execute(
            "INSERT INTO webhook_seen (webhook_id, subscription_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (headers["webhook-id"], headers["moai-subscription-id"]))
        if mark.rowcount == 1:
            connection.execute("INSERT INTO welcome_letter (user_id) VALUES (%s)", (str(event["data"]["userId"]),))


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection for the next webhook

    def do_POST(self):
        status = 204
        try:
            event = verified(self.rfile.read(int(self.headers["content-length"])), self.headers)
            if event is None:
                status = 401
            else:
                handle_once(event, self.headers)
        except Exception:
            traceback.print_exc()
            status = 500  # anything but 2xx: it will be delivered again
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3001"))), Receiver)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
