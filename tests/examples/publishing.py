"""Publishing from SQL in a transaction, as each language's users type it: examples/{psql,node-pg,prisma,python-psycopg}."""
import json

import packages
from processes import output_of
from receiver import Receiver
from tap import equal
from world import APPLICATION, ROOT, SCRATCH


def _psql(world, _folder):
    script = (ROOT / "examples/psql/publish.sql").read_text()
    return lambda name, fails: world.psql(world.url(APPLICATION), script, "-v", f"name={name}", fails=fails)


def _node(world, folder):
    packages.node(ROOT / "examples" / folder, SCRATCH / folder)
    return lambda name, fails: output_of(["node", "publish.mjs", name], {"DATABASE_URL": world.url(APPLICATION)},
                                         SCRATCH / folder, fails=fails).strip()


def _python(world, folder):
    python = packages.python(ROOT / "examples" / folder, SCRATCH / folder)
    return lambda name, fails: output_of([python, "publish.py", name], {"DATABASE_URL": world.url(APPLICATION)},
                                         SCRATCH / folder, fails=fails).strip()


EXAMPLES = {"psql": _psql, "node-pg": _node, "prisma": _node, "python-psycopg": _python}


def _delivers(world, publish, name, receiver):
    event_id = publish(name, False)
    webhook = receiver.take()
    equal(webhook.headers["webhook-id"], event_id, "webhook-id")
    user_id = world.owner(f"SELECT id FROM users WHERE name = '{name}'")
    body = json.loads(webhook.body)
    equal((body["type"], str(body["data"]["userId"])), ("user.created", user_id), "type and user")


def _rolls_back(world, publish, name):
    before = world.owner("SELECT count(*) FROM moai.event")
    publish(name, True)
    equal(world.owner("SELECT count(*) FROM moai.event"), before, "events after the COMMIT that failed")
    equal(world.owner(f"SELECT count(*) FROM users WHERE name = '{name}'"), "1", "users of that name")


def run(tap, world):
    for folder, prepare in EXAMPLES.items():
        publish = tap.run(f"publishing: examples/{folder} installs", prepare, world, folder)
        if publish is None:
            continue
        with Receiver() as receiver:
            name = f"Ada of {folder}"
            subscription = world.subscribe(receiver.url, ["user.created"])
            tap.run(f"publishing: examples/{folder} delivers what it commits", _delivers, world, publish, name, receiver)
            # The same name again: unique, and checked at COMMIT only, after moai.publish has returned.
            tap.run(f"publishing: examples/{folder} publishes nothing when its COMMIT fails", _rolls_back, world, publish, name)
            world.unsubscribe(subscription)
