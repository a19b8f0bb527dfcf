"""Answers as they are kept: with nothing that is another one the next time."""

import json
import re

# What differs from run to run, and no variable stands for. Ids that scenarios
# choose begin with zeros.
PLACEHOLDERS = (
    (re.compile(r"\breq-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<request id>"),
    (re.compile(r"\b(?!00000000-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\b20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\b"), "<exact time>"),
)
# Headers of the server below, and of the moment.
DROPPED = {"server", "date", "connection", "transfer-encoding"}


def kept(status, headers, body, variables, folder):
    """Returns the answer as it is written down."""

    def settled(text):
        text = text.replace(str(folder), "<folder>")
        for name, value in sorted(variables.items(), key=lambda v: -len(v[1])):
            text = text.replace(value, "$" + name)
        for pattern, name in PLACEHOLDERS:
            text = pattern.sub(name, text)
        return text

    answer = {"status": status}
    names = {name: name.title() for name, _ in headers if name.lower() not in DROPPED}
    answer["headers"] = {names[name]: settled(value) for name, value in headers if name in names}
    kind = answer["headers"].get("Content-Type")
    if kind == "application/json" and body:
        answer["json"] = walked(json.loads(body), settled)
    elif body:
        answer["text"] = settled(body.decode())
    if kind != "application/octet-stream":
        answer["headers"].pop("Content-Length", None)  # of what was settled
    return answer


def walked(value, settled):
    """Settles every text of a JSON value, and sorts tags, which have no order."""
    if isinstance(value, str):
        return settled(value)
    if isinstance(value, list):
        return [walked(v, settled) for v in value]
    if isinstance(value, dict):
        return {
            settled(k): sorted(walked(v, settled)) if k == "tags" and isinstance(v, list) else walked(v, settled)
            for k, v in value.items()
        }
    return value
