"""The README's commands and queries, run as they stand. Marks: test (a command), background (one that goes on), psql (SQL by the
owner), query (SQL by a reader that must find a row). Only ports, and the secret that cannot be known beforehand, are put in."""
import contextlib
import json
import re

import markdown
from processes import Process, output_of
from tap import equal, true
from world import OWNER, READER, ROOT, free_port

README = ROOT / "README.md"
SEED = """curl -X POST http://localhost:3000/events -H "Content-Type: application/json" -d '{"type": "user.created", "payload": {"userId": "123"}}'"""


class Reader:
    """Types the README's blocks in their order, and remembers what the next ones need."""

    def __init__(self, world, running):
        self._world, self._running = world, running
        self._environment = {"DATABASE_URL": world.url(OWNER), "MOAI_LISTEN": "127.0.0.1:0"}
        self._ports = {"3001": str(free_port())}
        self._secret = ""
        self.listener = None

    def _typed(self, text):
        text = re.sub(r"(localhost|127\.0\.0\.1):(300[01])\b", lambda m: f"{m[1]}:{self._ports[m[2]]}", text)
        return text.replace("whsec_…", self._secret)

    def background(self, block):
        process = self._running.enter_context(Process(["bash", "-euo", "pipefail", "-c", self._typed(block.text)], self._environment, ROOT))
        if "moai run" in block.text:
            self._ports["3000"] = process.await_output(r"API listening.*http://127\.0\.0\.1:(\d+)")
            self._world.api = f"http://127.0.0.1:{self._ports['3000']}"
        else:
            process.await_output("receiver listening")
            self.listener = process

    def test(self, block):
        answer = output_of(["bash", "-euo", "pipefail", "-c", self._typed(block.text)], self._environment, ROOT)
        if "curl" not in block.text:
            return
        made = json.loads(answer)
        true("id" in made, f"the answer has no id: {answer}")
        self._secret = made.get("secret", self._secret)

    def psql(self, block):
        self._world.psql(self._world.url(OWNER), block.text)

    def query(self, block):
        true(self._world.psql(self._world.url(READER), block.text), "the query found nothing")


def _hears(reader, world):
    world.psql(world.url(OWNER), """SELECT moai.publish('user.created', '{"userId": "124"}')""")
    reader.listener.await_output(r'verified  user\.created .*\n.*"124"')


def start(tap, world, running):
    """The blocks up to the running system with a subscription. Returns whether moai runs."""
    reader = Reader(world, running)
    blocks = [block for block in markdown.marked_blocks(README) if block.kind in ("test", "background", "psql")]
    tap.run("README: has the design's example to the letter", lambda: true(SEED in README.read_text(), "it is missing"))
    tap.run("README: is short", lambda: true(len(README.read_text().splitlines()) <= 250, "more than 250 lines"))
    for block in blocks:
        tap.run(f"README: line {block.line} works: {block.text.splitlines()[0][:60]}", getattr(reader, block.kind), block)
    if reader.listener:
        tap.run("README: the receiver of the README hears of an event", _hears, reader, world)
    return world.api is not None


def _scene(world):
    """A delivery in each state that the queries are about; nobody listens at port 1."""
    world.owner(f"GRANT moai_reader TO {READER}")
    world.subscribe("http://127.0.0.1:1/", ["scene.dead"], max_attempts=1)
    world.subscribe("http://127.0.0.1:1/", ["scene.retrying"], retry_base="1 hour")
    for state in ("dead", "retrying"):
        event_id = world.owner(f"SELECT moai.publish('scene.{state}', '{{}}')")
        world.eventually(f"SELECT state FROM moai.delivery WHERE event_id = '{event_id}'", state)


def queries(tap, world):
    reader = Reader(world, contextlib.nullcontext())
    blocks = [block for block in markdown.marked_blocks(README) if block.kind == "query"]
    tap.run("README: has five queries", lambda: equal(len(blocks), 5, "queries"))
    tap.run("README: a scene for its queries", _scene, world)
    for block in blocks:
        tap.run(f"README: line {block.line}, a query that finds something: {block.argument}", reader.query, block)
