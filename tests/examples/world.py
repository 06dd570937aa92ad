"""What the tests run against: the repository's files, a database with moai in it, and the logins of an application."""
import json
import os
import pathlib
import socket
import time
import urllib.error
import urllib.request

from processes import PATIENCE, output_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOAI = str(ROOT / "build/moai")
SCRATCH = ROOT / "build/examples"
OWNER, APPLICATION, READER, DATABASE = "moai_examples_owner", "app", "moai_examples_reader", "moai_examples"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class World:
    """One empty database owned by an ordinary login; install() makes it the application's and moai's."""

    def __init__(self):
        self._cluster = os.environ["MOAI_TEST_CLUSTER_URL"]
        self.api = None
        self.psql(self._cluster, f"CREATE ROLE {OWNER} LOGIN CREATEROLE; CREATE ROLE {APPLICATION} LOGIN; CREATE ROLE {READER} LOGIN")
        self.psql(self._cluster, f"CREATE DATABASE {DATABASE} OWNER {OWNER} ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0")

    def url(self, login):
        return self._cluster.replace("postgres@/postgres", f"{login}@/{DATABASE}")

    def psql(self, url, text, *options, fails=False):
        """Unaligned rows without heading. The text is read by psql as from a file."""
        return output_of(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *options, "-d", url], text_in=text, fails=fails).strip()

    def owner(self, text):
        return self.psql(self.url(OWNER), text)

    def make_application(self):
        self.psql(self.url(OWNER), (ROOT / "examples/setup.sql").read_text())
        self.owner(f"GRANT SELECT, INSERT ON users, webhook_seen, welcome_letter TO {APPLICATION}")

    def eventually(self, query, expected):
        """Until the owner's query gives this; for what the worker records after the receiver has answered."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.owner(query)) != expected:
            if time.monotonic() > deadline:
                raise AssertionError(f"{query}: expected {expected}, found {found}")
            time.sleep(0.05)

    def post(self, path, body):
        """The API's answer as an object; raises for any status but 2xx."""
        request = urllib.request.Request(self.api + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"POST {path}: {error.code} {error.read()}") from None

    def subscribe(self, url, event_types, **fields):
        """{"id", "secret"} of a new subscription."""
        return self.post("/subscriptions", {"url": url, "event_types": event_types, **fields})

    def unsubscribe(self, subscription):
        self.owner(f"SELECT moai.delete_subscription('{subscription['id']}')")
