"""Records oslo.policy's answers and Glance's rules: python -m recorder FOLDER.

Made with Python 3.11; other versions print and parse some literals differently.
"""

import pathlib
import sys

from recorder import cases, chance, files, glance, lefts, rules, templates, tokens


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for section in [
        tokens.values,
        tokens.tokens,
        lefts.lefts,
        templates.templates,
        rules.roles,
        rules.lists,
        rules.references,
        rules.scopes,
        chance.random_cases,
    ]:
        section()
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "oslo_policy_cases.json").write_text(cases.written(), encoding="utf-8")
    (folder / "policy_files.json").write_text(files.written(), encoding="utf-8")
    (folder / "glance_rules.json").write_text(glance.written(), encoding="utf-8")


main()
