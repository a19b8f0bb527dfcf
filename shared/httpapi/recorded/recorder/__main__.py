"""python -m recorder ANSWERS [SCENARIO...] records all scenarios, or some."""

import importlib.metadata
import json
import pathlib
import signal
import sys
import tempfile

from . import requests
from .glance import Glance
from .keystone import Keystone
from .play import Player

SCENARIOS = pathlib.Path(__file__).parent.parent / "requests"
VERSIONS = ("glance", "glance_store", "keystone", "keystonemiddleware", "WebOb", "jsonschema")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers stop, too
    into, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    files = sorted(SCENARIOS.glob("*.yaml"))
    if unknown := set(names) - {f.stem for f in files}:
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}")
    scenarios = {f.stem: list(requests.read(f)) for f in files if not names or f.stem in names}
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gander-record-") as folder:
        record(scenarios, into, pathlib.Path(folder))
    if not names:
        for stale in set(into.glob("*.json")) - {into / f"{f.stem}.json" for f in files}:
            stale.unlink()


def record(scenarios, into, folder):
    """Starts both services, plays the scenarios, and stops them."""
    servers, total = [], 0
    try:
        keystone = Keystone(folder / "keystone")
        servers.append(keystone.server)
        glance = Glance(folder / "glance", keystone)
        servers.append(glance.server)
        keystone.settle()
        glance.settle()
        player = Player(keystone, glance)
        for name, asked in scenarios.items():
            exchanges = player.play(asked)
            total += len(exchanges)
            (into / f"{name}.json").write_text(written(exchanges))
    finally:
        for server in servers:
            server.stop()
    print(f"recorded {total} answers in {len(scenarios)} scenarios")


def written(exchanges):
    """The file of a scenario: a line for a request, and one for its answer."""
    versions = {name: importlib.metadata.version(name) for name in VERSIONS}
    lines = ",\n".join(line(e) for e in exchanges)
    return f'{{"versions": {json.dumps(versions)},\n"exchanges": [\n{lines}\n]}}\n'


def line(exchange):
    asked = {name: value for name, value in exchange.items() if name != "answer"}
    answer = json.dumps(exchange["answer"], ensure_ascii=False, sort_keys=True)
    return json.dumps(asked, ensure_ascii=False)[:-1] + f',\n  "answer": {answer}}}'


if __name__ == "__main__":
    main()
