"""Standard input: [{secret, headers, body (base64)}, ...]. Standard output: for each whether PyPI's standardwebhooks verifies it."""
import base64
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def answer(case):
    try:
        Webhook(case["secret"]).verify(base64.b64decode(case["body"]), case["headers"])
        return "verified"
    except WebhookVerificationError as error:
        return str(error)


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
