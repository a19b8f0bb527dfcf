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
PROTECTIONS = SCENARIOS.parent.resolve() / "protections.conf"
PROTECTED = "protected"  # begins the names of scenarios that are played with it
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
    """Starts the services, plays the scenarios, and stops them."""
    servers, total = [], 0
    try:
        keystone = Keystone(folder / "keystone")
        servers.append(keystone.server)
        glances = {}
        for kind in sorted({name.startswith(PROTECTED) for name in scenarios}):
            glances[kind] = Glance(
                folder / ("protected" if kind else "glance"), keystone, PROTECTIONS if kind else None
            )
            servers.append(glances[kind].server)
        keystone.settle()
        for glance in glances.values():
            glance.settle()
        players = {kind: Player(keystone, glance) for kind, glance in glances.items()}
        for name, asked in scenarios.items():
            exchanges = players[name.startswith(PROTECTED)].play(asked)
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
