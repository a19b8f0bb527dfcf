"""Records what Glance makes of property protection files, and what Python finds by
regular expressions: python -m recorder FOLDER."""

import json
import pathlib
import sys

from recorder import expressions, files


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    for name, lines in [("files.json", files.recorded()), ("expressions.json", expressions.recorded())]:
        text = "[\n" + ",\n".join(json.dumps(line) for line in lines) + "\n]\n"
        (folder / name).write_text(text, encoding="utf-8")


main()
