"""What Schemathesis can't know of countersign's own formats: values that fit them."""

import re

import schemathesis
from hypothesis import strategies

NUMBERS = strategies.integers(0, 99_999_999).map(lambda number: f"+49151{number:08}")
ADDRESSES = strategies.from_regex(r"[a-z]{1,20}", fullmatch=True).map(lambda name: f"{name}@example.com")
IPV4 = strategies.ip_addresses(v=4).map(str)
IPV6 = strategies.ip_addresses(v=6).map(str)

schemathesis.openapi.format("phone-or-email", strategies.one_of(NUMBERS, ADDRESSES))
schemathesis.openapi.format(
    "client-address",
    strategies.one_of(IPV4, IPV6, IPV4.map("{}:51234".format), IPV6.map("[{}]:443".format)),
)
schemathesis.openapi.format("typed-code", strategies.integers(0, 999_999).map("{:06}".format))

PURPOSE = re.compile(r"[a-z0-9_-]{1,64}")
RECIPIENT = re.compile(r"\+49151\d{8}|[a-z]+@example\.com")
VERIFY_BY_ID = "/v1/challenges/{id}/verify"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Mends bodies of which each field fits and the whole does not; a body that is wrong stays wrong."""
    body = case.body
    if not isinstance(body, dict):
        return
    purpose, recipient, channel = (body.get(name) for name in ("purpose", "to", "channel"))
    if isinstance(purpose, str) and PURPOSE.fullmatch(purpose):
        # There is this one.
        body["purpose"] = "login"
    if isinstance(recipient, str) and RECIPIENT.fullmatch(recipient):
        if (channel, "@" in recipient) in (("email", False), ("sms", True)):
            # The channel takes the other kind.
            del body["channel"]
        if case.operation.path == VERIFY_BY_ID:
            # Of another challenge, which would not be found.
            del body["to"]


@schemathesis.hook
def filter_body(context, body):
    """Leaves out references of up to 256 characters and more bytes: JSON Schema counts the former."""
    reference = body.get("reference") if isinstance(body, dict) else None
    return not isinstance(reference, str) or not len(reference) <= 256 < len(reference.encode("utf-8", "replace"))
