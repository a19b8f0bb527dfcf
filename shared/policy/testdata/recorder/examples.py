"""Plays the tables of the shipped policies to oslo.policy: python -m recorder.examples SAMPLE FOLDER.

SAMPLE is what "gander policy-sample" prints, FOLDER has NAME.yaml with NAME.cases.json. Nothing is written; the exit
status tells whether oslo.policy answers as the tables say.
"""

import json
import pathlib
import re
import sys

import yaml

from recorder.cases import answer


def rules_of(path, *, commented=False):
    text = path.read_text(encoding="utf-8")
    if commented:
        text = re.sub(r'(?m)^#(?=")', "", text)
    return yaml.safe_load(text)


def play(defaults, path):
    """Says where oslo.policy answers otherwise, and returns how many cases there were, and how many of those."""
    rules = defaults | rules_of(path)
    table = json.loads(path.with_suffix(".cases.json").read_text(encoding="utf-8"))
    wrong = 0
    for case in table:
        got = answer(rules, case["rule"], case["creds"], case["target"], {})
        if got != case["expect"]:
            print(f"{path.name}: {case['name']}: oslo.policy answers {got}, the table has {case['expect']}")
            wrong += 1
    return len(table), wrong


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    defaults = rules_of(pathlib.Path(sys.argv[1]), commented=True)
    counts = [play(defaults, path) for path in sorted(pathlib.Path(sys.argv[2]).glob("*.yaml"))]
    cases, wrong = sum(n for n, _ in counts), sum(n for _, n in counts)
    print(f"{len(counts)} policies, {cases} cases, {cases - wrong} agree")
    sys.exit(not cases or wrong > 0)


if __name__ == "__main__":
    main()
