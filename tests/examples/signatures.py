"""What the worker really sent is verified by other people's libraries: npm's standardwebhooks and PyPI's."""
import base64
import json
import shutil

import packages
from processes import output_of
from receiver import Receiver
from tap import equal, true
from world import ROOT, SCRATCH

# Spacing, key order, number spelling, escapes and text outside of ASCII: a signature holds for bytes, not for meanings.
PAYLOAD = '{"z" : 1.50, "a":1e2,\t"text":"Grüße, \\u00e4 🗿", "a\\/b": [ ] }'
NO_MATCH = "No matching signature found"


def _node(_world):
    folder = SCRATCH / "verify-node"
    packages.node(ROOT / "examples/verify-node", folder)
    shutil.copy(ROOT / "tests/examples/verify.mjs", folder)
    return ["node", str(folder / "verify.mjs")]


def _python(_world):
    return [packages.python(ROOT / "examples/verify-python", SCRATCH / "verify-python"), str(ROOT / "tests/examples/verify.py")]


VERIFIERS = {"npm standardwebhooks": _node, "PyPI standardwebhooks": _python}


def _publish(world, event_type):
    literal = PAYLOAD.replace("'", "''")
    return world.owner(f"SELECT moai.publish('{event_type}', '{literal}')")


def _captured(world, wire_format):
    """(secret, webhook) of an event, as the worker sent it; the first attempt is refused, so this is the second."""
    with Receiver(500) as receiver:
        subscription = world.subscribe(receiver.url, [f"signed.{wire_format}"], format=wire_format, retry_base="100 ms")
        event_id = _publish(world, f"signed.{wire_format}")
        first, second = receiver.take(), receiver.take()
        world.unsubscribe(subscription)
    equal(first.headers["webhook-id"], event_id, "webhook-id of the first attempt")
    equal(second.headers["webhook-id"], event_id, "webhook-id of the second attempt")
    equal(second.body, first.body, "body of the second attempt")
    equal(second.headers["moai-attempt"], "2", "moai-attempt")
    equal(second.headers["moai-subscription-id"], subscription["id"], "moai-subscription-id")
    payload = PAYLOAD.encode()
    if wire_format == "raw":
        equal(second.body, payload, "the raw body")
    else:
        true(second.body.endswith(b',"data":' + payload + b"}"), f"the body does not end in the payload: {second.body!r}")
        equal(sorted(json.loads(second.body)), ["data", "timestamp", "type"], "fields of the body")
    return [(subscription["secret"], first), (subscription["secret"], second)]


def _rotated(world):
    """The two secrets of a subscription, and what it got before, during and after the overlap of their rotation."""
    with Receiver() as receiver:
        subscription = world.subscribe(receiver.url, ["signed.rotating"])
        new = None
        webhooks = {}
        for stage in ("before", "during", "after"):
            if stage == "during":
                new = world.owner(f"SELECT moai.rotate_secret('{subscription['id']}', overlap => '1 hour')")
            elif stage == "after":
                world.owner(f"UPDATE moai_private.subscription SET old_until = ARRAY[now()] WHERE id = '{subscription['id']}'")
            _publish(world, "signed.rotating")
            webhooks[stage] = receiver.take()
        world.unsubscribe(subscription)
    return subscription["secret"], new, webhooks


def _case(secret, headers, body):
    return {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}


def _answers(command, cases):
    return json.loads(output_of(command, text_in=json.dumps(cases)))


def _verifies(command, captured):
    equal(_answers(command, [_case(secret, webhook.headers, webhook.body) for secret, webhook in captured]), ["verified"] * 2, "answers")


def _refuses(command, captured):
    secret, webhook = captured[0]
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    headers, body = webhook.headers, webhook.body
    cases = {
        "another secret": _case(other, headers, body),
        "another byte in the body": _case(secret, headers, body.replace(b"1.50", b"1.51")),
        "another id": _case(secret, {**headers, "webhook-id": "0" + headers["webhook-id"]}, body),
        "another time": _case(secret, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, body),
    }
    found = dict(zip(cases, _answers(command, list(cases.values()))))
    equal(found, dict.fromkeys(cases, NO_MATCH), "answers")


def _follows(command, rotated):
    old, new, webhooks = rotated
    found = {stage: _answers(command, [_case(secret, webhook.headers, webhook.body) for secret in (old, new)]) for stage, webhook in webhooks.items()}
    equal(found, {"before": ["verified", NO_MATCH], "during": ["verified", "verified"], "after": [NO_MATCH, "verified"]}, "answers for the old and the new secret")


def run(tap, world):
    captured = {wire_format: tap.run(f"signatures: a {wire_format} delivery and its retry bear the same id and body", _captured, world, wire_format)
                for wire_format in ("standard", "raw")}
    rotated = tap.run("signatures: a secret is replaced between deliveries", _rotated, world)
    for library, prepare in VERIFIERS.items():
        command = tap.run(f"signatures: {library} installs", prepare, world)
        for wire_format, webhooks in captured.items():
            if command and webhooks:
                tap.run(f"signatures: {library} verifies {wire_format} deliveries", _verifies, command, webhooks)
                tap.run(f"signatures: {library} refuses a {wire_format} delivery that was changed", _refuses, command, webhooks)
        if command and rotated:
            tap.run(f"signatures: {library} takes the old secret until the overlap has ended, and the new one from its start", _follows, command, rotated)
