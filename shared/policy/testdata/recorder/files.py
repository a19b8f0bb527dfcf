"""Policy files as they are written: whether oslo.policy loads them, and what they then decide."""

import json
import pathlib
import tempfile

from oslo_config import cfg
from oslo_policy import policy

from recorder.cases import CREDS, TARGET, made_by

FILES = [
    "",
    "{}",
    "[]",
    "~",
    "no",
    "0",
    "''",
    "# only a comment\n",
    "---\n",
    "---\n...\n",
    "text",
    "true",
    "5",
    "[a]",
    "- a: b",
    "{[a]: b}",
    "r: role:member",
    'r: ""',
    "r: ''",
    "r: []",
    "r: {}",
    "r:",
    "r: ~",
    "r: null",
    "r: Null",
    "r: NULL",
    "r: nULL",
    "r: !",
    "r: ! role:nobody",
    "r: !role:member",
    "r: !!str 5",
    "r: !!str",
    "r: true",
    "r: True",
    "r: TRUE",
    "r: tRUE",
    "r: yes",
    "r: Yes",
    "r: on",
    "r: ON",
    "r: y",
    "r: Y",
    "r: false",
    "r: False",
    "r: no",
    "r: NO",
    "r: nO",
    "r: off",
    "r: Off",
    "r: n",
    "r: 0",
    "r: 00",
    "r: -0",
    "r: +0",
    "r: 0x0",
    "r: 0b0",
    "r: 0_0",
    "r: 0.0",
    "r: .0",
    "r: 0.",
    "r: -0.0",
    "r: 0e0",
    "r: 0.0e+5",
    "r: 0.0e5",
    "r: 0:0",
    "r: 0:00.0",
    "r: 1",
    "r: 017",
    "r: 08",
    "r: 0o7",
    "r: 0x1F",
    "r: 0b101",
    "r: 1_000",
    "r: 1__0",
    "r: 5:5",
    "r: 5:60",
    "r: 190:20:30",
    "r: 1.5",
    "r: 1.5e3",
    "r: 1.5e+3",
    "r: 1e3",
    "r: .5",
    "r: 1.",
    "r: +1",
    "r: -1",
    "r: 1.0.0",
    "r: .inf",
    "r: -.INF",
    "r: .nan",
    "r: .Nan",
    "r: 2001-01-01",
    "r: 2001-1-1",
    "r: 2001-12-14t21:59:43.10-05:00",
    "r: 2001-12-14 21:59:43",
    "r: =",
    "r: <<",
    "r: -",
    "r: @",
    "r: '@'",
    "r: %(x)s:y",
    "r: 'a':b",
    "r: `a`",
    "r: {role:member}",
    "r: {role:nobody}",
    "r: {role:member: 1}",
    "r: {role:nobody: 1, '@': 2}",
    "r: {5: a}",
    "r: [role:member]",
    "r: [[role:member, '!'], '@']",
    "r: [5]",
    "r: [[5]]",
    "r: [null]",
    "r: [[null]]",
    "r: [no, '@']",
    "r: [true]",
    "r: role:nobody\nr: role:member",
    "r: role:member\nr: role:nobody",
    "r: role:member\n---\nr: role:nobody",
    "r: role:member\n---\n",
    "r: role:member\n...\n",
    "%YAML 1.1\n---\nr: role:member",
    "\ufeffr: role:member",
    "r: role:member # as it is",
    "r: role:member#x",
    "r: role:nobody or\n  role:member",
    "r: >-\n  role:nobody or\n  role:member",
    "r: |\n  role:nobody\n  or role:member\n",
    'r: "role:nobody\n  or role:member"',
    'r: "role:\\x6dember"',
    "r: 'it''s:x'",
    'r:\t"role:member"',
    "\tr: role:member",
    "r: role:member\t",
    '{\n\t"r": "role:member"\n}',
    '{"r": "role:member",}',
    '{"r": "role:member"}',
    '{\n  // all\n  "r": "role:member"\n}',
    '{"r":"role:member"}',
    "{r: role:member, s: '!'}",
    "r:role:member",
    "r : role:member",
    "r: &x [role:member]\ns: *x",
    "r: &x [*x]",
    "r: *x",
    "x: &x role:member\nr: *x",
    "<<: {r: role:member}",
    "r: 'role:member'x",
    'r: "role:member',
    "r: role:member: x",
    "r: role:member\n  s: role:member",
    "r: a\x01",
    "1: role:member\nr: '@'",
    "no: role:member\nr: '@'",
    "null: role:member\nr: '@'",
    "r: ‘role:member’",
    "‘r’: role:member",
    "r: not role:nobody",
    "r: '@'\r\ns: '!'\r\n",
    "r: not\u00a0role:nobody",
]

RENAMED = [
    "",
    "bar: role:reader",
    "bar: [role:reader]",
    "bar: role:member",
    "bar: ((role:member))",
    "bar: rule:foo",
    "bar: role:reader\nfoo: '!'",
    "bar: role:reader\nfoo: role:admin",
    "bar: ''",
    "bar: '@'",
    "bar: '!'",
    "baz: '@'",
]


def decided(text, defaults=()):
    """What a file decides, by rule; nothing where it is not loaded."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "policy.yaml"
        path.write_text(text, encoding="utf-8", newline="")
        conf = cfg.ConfigOpts()
        conf([], project="record", default_config_files=[], default_config_dirs=[])
        enforcer = policy.Enforcer(conf, policy_file=str(path), default_rule="default")
        for default in defaults:
            enforcer.register_default(default)
        try:
            enforcer.load_rules()
        except Exception:  # whatever it raises, nothing is loaded
            return None
        names = sorted(name for name in enforcer.rules if isinstance(name, str))
        return {name: enforced(enforcer, name) for name in names}


def enforced(enforcer, name):
    try:
        return bool(enforcer.enforce(name, dict(TARGET), dict(CREDS)))
    except Exception:  # whatever it raises, the service answers 500
        return "error"


def renamed():
    """A rule that took the place of another."""
    old = policy.DeprecatedRule("bar", "role:member", deprecated_reason="It has a new name.", deprecated_since="X")
    return policy.RuleDefault("foo", "role:admin", deprecated_rule=old)


def written():
    """The files as JSON, one a line."""
    lines = ["  " + json.dumps({"file": text, "decides": decided(text)}) for text in FILES]
    changed = ["  " + json.dumps({"file": text, "decides": decided(text, [renamed()])}) for text in RENAMED]
    head = [f' "made_by": {json.dumps(made_by())},', ' "files": [', ",\n".join(lines), " ],", ' "renamed": [']
    return "\n".join(["{", *head, ",\n".join(changed), " ]", "}", ""])
