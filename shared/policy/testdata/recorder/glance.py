"""The rules that Glance registers."""

import importlib.metadata
import json

from glance import policies


def written():
    """The rules as JSON, one a line, in the order in which Glance has them."""
    made_by = f"Glance {importlib.metadata.version('glance')}"
    lines = ["  " + json.dumps(told(rule)) for rule in policies.list_rules()]
    return "\n".join(["{", f' "made_by": {json.dumps(made_by)},', ' "rules": [', ",\n".join(lines), " ]", "}", ""])


def told(rule):
    """A rule without its description, and without what it was in earlier releases."""
    operations = [f"{o['method']} {o['path']}" for o in getattr(rule, "operations", [])]
    return {"rule": rule.name, "check": rule.check_str, "scopes": rule.scope_types or [], "operations": operations}
