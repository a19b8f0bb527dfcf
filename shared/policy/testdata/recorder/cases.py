"""The cases: rules asked of oslo.policy, with what it answers."""

import copy
import importlib.metadata
import json
import logging
import platform
import sys
import warnings

from oslo_config import cfg
from oslo_policy import policy

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

CREDS = {
    "user_id": "u1",
    "project_id": "p1",
    "domain_id": None,
    "system_scope": None,
    "roles": ["Member", "reader"],
    "service_roles": [],
    "is_admin_project": True,
    "level": 5,
    "ratio": 0.5,
    "token": {
        "user": {"id": "u1", "groups": [{"name": "g1"}, {"name": "g2"}]},
        "project": None,
        "flags": [True, None, 1, [2]],
        "roles": [{"name": "a"}, "text", {"name": "b"}],
        "late": [{"name": "a"}, "text"],
    },
    "nothing": [],
    "a.b": "flat",
}
TARGET = {
    "project_id": "p1",
    "user_id": "u2",
    "visibility": "public",
    "null": None,
    "yes": True,
    "no": False,
    "five": 5,
    "five_float": 5.0,
    "half": 0.5,
    "big": 1e16,
    "small": 1e-05,
    "negative": -7,
    "list": ["x", "y"],
    "quoted": ["it's", 'say "x"', "tab\t", "é", "\x01"],
    "mixed": [1, None, True, 2.0, ["z"]],
    "mapping": {"k": 1},
    "role": "MEMBER",
    "percent": "%(user_id)s",
    "none_text": "None",
    "dotted.key": "d",
    "a(b)": "inner",
    "letter": "x",
    "empty": "",
}

cases = []


def answer(rules, rule, creds, target, scopes):
    try:
        parsed = policy.Rules.from_dict(rules, "default")
        conf = cfg.ConfigOpts()
        conf([], project="record", default_config_files=[])
        enforcer = policy.Enforcer(conf, rules=parsed, default_rule="default", use_conf=False)
        for name, types in scopes.items():
            enforcer.registered_rules[name] = policy.RuleDefault(name, "", scope_types=types)
        return bool(enforcer.enforce(rule, copy.deepcopy(target), copy.deepcopy(creds)))
    except Exception:  # whatever it raises, the service answers 500
        return "error"


def case(name, rules, rule="r", creds=CREDS, target=TARGET, scopes=None):
    if not isinstance(rules, dict) or rule not in rules and rule == "r":
        rules = {"r": rules}
    entry = {"name": name, "rules": rules, "rule": rule, "creds": creds, "target": target}
    if scopes:
        entry["scopes"] = scopes
    entry["expect"] = answer(rules, rule, creds, target, scopes or {})
    cases.append(entry)


def made_by():
    """What answers."""
    return f"oslo.policy {importlib.metadata.version('oslo.policy')}, Python {platform.python_version()}"


def written():
    """The cases as JSON, one a line. Most share caller and target; those are written once."""
    names = [c["name"] for c in cases]
    if duplicates := {n for n in names if names.count(n) > 1}:
        sys.exit(f"two cases of one name: {sorted(duplicates)}")
    head = [
        f' "made_by": {json.dumps(made_by())},',
        f' "creds": {json.dumps(CREDS)},',
        f' "target": {json.dumps(TARGET)},',
        ' "cases": [',
    ]
    shared = {"creds": CREDS, "target": TARGET}
    lines = ["  " + json.dumps({k: v for k, v in c.items() if shared.get(k) is not v}) for c in cases]
    return "\n".join(["{", *head, ",\n".join(lines), " ]", "}", ""])
