"""The receivers of examples/verify-node and examples/verify-python: they take what moai signed, once, and nothing else."""
import json
import urllib.error
import urllib.request

import packages
from processes import Process
from receiver import Receiver
from tap import equal
from world import APPLICATION, ROOT, SCRATCH, free_port


def _node(folder):
    packages.node(ROOT / "examples" / folder, SCRATCH / folder)
    return ["node", "receiver.mjs"]


def _python(folder):
    return [packages.python(ROOT / "examples" / folder, SCRATCH / folder), "receiver.py"]


EXAMPLES = {"verify-node": _node, "verify-python": _python}


def _status(url, headers, body):
    # The length goes with the body, which may have been changed.
    sent = {name: value for name, value in headers.items() if name not in ("content-length", "host")}
    request = urllib.request.Request(url, body, sent, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def _letters(world, user_id):
    return world.owner(f"SELECT count(*) FROM welcome_letter WHERE user_id = '{user_id}'")


def _publish(world, user_id):
    return world.owner(f"""SELECT moai.publish('user.created', '{{"userId": "{user_id}"}}')""")


def _takes(world, subscription, user_id):
    event_id = _publish(world, user_id)
    world.eventually(f"SELECT state || ' ' || attempts FROM moai.delivery WHERE event_id = '{event_id}' AND subscription_id = '{subscription['id']}'",
                     "delivered 1")
    equal(_letters(world, user_id), "1", "letters")


def _dedupes(world, url, webhook, user_id):
    equal([_status(url, webhook.headers, webhook.body) for _ in range(3)], [204] * 3, "answers to the repeats")
    equal(_letters(world, user_id), "1", "letters")


def _refuses(world, url, webhook, other_subscription, user_id):
    changed = webhook.body.replace(user_id.encode(), b"somebody else")
    headers = webhook.headers
    cases = {
        "a changed body": _status(url, headers, changed),
        "another subscription of ours": _status(url, {**headers, "moai-subscription-id": other_subscription["id"]}, webhook.body),
        "an unknown subscription": _status(url, {**headers, "moai-subscription-id": "x"}, webhook.body),
        "no signature": _status(url, {name: value for name, value in headers.items() if name != "webhook-signature"}, webhook.body),
        "an old time": _status(url, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)}, webhook.body),
    }
    equal(cases, dict.fromkeys(cases, 401), "answers")
    equal(world.owner("SELECT count(*) FROM welcome_letter WHERE user_id = 'somebody else'"), "0", "letters")


def _capture(world, subscription, receiver, user_id):
    """A signed request of a subscription, caught on its way."""
    world.owner(f"SELECT moai.update_subscription(id => '{subscription['id']}', url => '{receiver.url}')")
    _publish(world, user_id)
    return receiver.take()


def _test(tap, world, folder, command):
    # The subscription comes before the receiver, which must know its secret; the port is chosen first.
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    subscription, other = world.subscribe(url, ["user.created"]), world.subscribe(url, ["nobody.publishes.this"])
    secrets = {each["id"]: each["secret"] for each in (subscription, other)}
    environment = {"DATABASE_URL": world.url(APPLICATION), "PORT": str(port), "WEBHOOK_SECRETS": json.dumps(secrets)}
    with Process(command, environment, SCRATCH / folder) as process, Receiver() as between:
        process.await_output("listening on ")
        tap.run(f"receiving: examples/{folder} takes what moai signed", _takes, world, subscription, f"{folder}-1")
        webhook = tap.run(f"receiving: a request to examples/{folder} is caught", _capture, world, subscription, between, f"{folder}-2")
        if webhook:
            tap.run(f"receiving: examples/{folder} works once on what comes several times", _dedupes, world, url, webhook, f"{folder}-2")
            tap.run(f"receiving: examples/{folder} refuses what was not signed for it", _refuses, world, url, webhook, other, f"{folder}-2")
    world.unsubscribe(subscription)
    world.unsubscribe(other)


def run(tap, world):
    for folder, prepare in EXAMPLES.items():
        command = tap.run(f"receiving: examples/{folder} installs", prepare, folder)
        if command:
            _test(tap, world, folder, command)
