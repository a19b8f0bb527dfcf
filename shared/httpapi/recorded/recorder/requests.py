"""Reads a scenario: requests written as data, one or many to an entry.

An entry is a line, "METHOD path" with who asks in front of it ("other GET /v2/images"),
or a mapping:

    do       the line; "*" in it stands for each of "with"
    with     texts for the "*", one request each
    as       people to ask one after the other, one request each
    send     a body, or several, one request each; {text, times} counts by #
    patch    the same, as a JSON patch of version 2.1; patch20: of version 2.0
    octets   the same, as image data
    hex      a body in hexadecimal digits
    accept   the header Accept; headers: others; null takes one away
    chunked  sends the body in chunks
    keep     variables to take from the answer: {name: key}, or a name for the id

Who asks is the member unless said, "anyone" has no token, "stranger" a bad one.

"$one" stands for a variable. "$(256*x)" repeats x; "$(129,p#)" joins p0, p1, ... by
commas.
"""

import itertools
import re

import yaml

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
MEDIA = {"send": "application/json", "patch": V21, "patch20": V20, "octets": "application/octet-stream", "hex": None}
KNOWN = {"do", "with", "as", "accept", "headers", "chunked", "keep", *MEDIA}

REPEATED = re.compile(r"\$\((\d+)([*,])([^)]*)\)")


def read(file):
    """Yields the requests of a scenario file, one mapping each."""
    for entry in yaml.safe_load(file.read_text()):
        yield from expand({"do": entry} if isinstance(entry, str) else entry)


def expand(entry):
    """Yields the requests that one entry stands for."""
    if unknown := set(entry) - KNOWN:
        raise ValueError(f"{entry['do']}: nobody knows {unknown}")
    first, rest = entry["do"].split(" ", 1)
    who, line = (first, rest) if first.islower() else ("member", entry["do"])
    kind = next((k for k in MEDIA if k in entry), None)
    bodies = listed(entry[kind]) if kind else [None]
    for text, asks, body in itertools.product(entry.get("with", [None]), listed(entry.get("as", who)), bodies):
        request = {"as": asks, "do": repeated(line if text is None else line.replace("*", text))}
        if headers := merged(kind, entry):
            request["headers"] = {name: repeated(value) for name, value in headers.items()}
        if kind == "hex":
            request["hex"] = body
        elif kind:
            request["body"] = repeated(body)
        if entry.get("chunked"):
            request["chunked"] = True
        if keep := entry.get("keep"):
            request["keep"] = {keep: "id"} if isinstance(keep, str) else keep
        yield request


def listed(value):
    """Makes a list of one thing, and of {text, times}, where # counts."""
    if isinstance(value, dict):
        return [value["text"].replace("#", str(i)) for i in range(value["times"])]
    return value if isinstance(value, list) else [value]


def merged(kind, entry):
    headers = {"Content-Type": MEDIA[kind]} if kind and MEDIA[kind] else {}
    if "accept" in entry:
        headers["Accept"] = entry["accept"]
    headers.update(entry.get("headers", {}))
    return {name: value for name, value in headers.items() if value is not None}


def repeated(text):
    """Writes out what "$(3*x)" stands for."""

    def many(match):
        count, how, part = int(match[1]), match[2], match[3]
        if how == "*":
            return part * count
        return ",".join(part.replace("#", str(i)) for i in range(count))

    return REPEATED.sub(many, text)
