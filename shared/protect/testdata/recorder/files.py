"""Files of property protections, and what Glance lets whom do by them."""

import configparser
import logging
import pathlib
import tempfile

from glance import context
from glance.api import policy as glance_policy
from glance.common import property_utils
from oslo_config import cfg
from oslo_policy import policy

RULES = {
    "keeper": "role:keeper",
    "keeper_or_admin": "role:admin or role:keeper",
    "of_project": "project_id:%(project_id)s",
    "of_demo": "project_id:demo or 'demo':%(nothing)s",
    "vouched": "service_roles:service",
}

PEOPLE = {
    "admin": {"roles": ["admin", "member", "reader"]},
    "member": {"roles": ["member", "reader"]},
    "reader": {"roles": ["reader"]},
    "old": {"roles": ["_member_"]},
    "keeper": {"roles": ["keeper"]},
    "vouched": {"roles": ["reader"], "service_roles": ["service"]},
    "half": {"roles": ["50%"]},
    "nobody": {"roles": []},
}

NAMES = [
    "x_billing_code_ntt",
    "my_x_billing_code_ntt",
    "X_BILLING_CODE_NTT",
    "x_foo",
    "x_foo_matcher",
    "secret",
    "plain",
    "a b",
    "a=b",
]

ALL = "create = @\nread = @\nupdate = @\ndelete = @\n"
NONE = "create = !\nread = !\nupdate = !\ndelete = !\n"
ADMIN = "create = admin\nread = admin\nupdate = admin\ndelete = admin\n"

# Of the proposal that the protections of download rules come from.
PROPOSAL = "[^x_billing_code_.*]\ncreate = admin,member\nread = admin,member,_member_\nupdate = admin,member\ndelete = admin,member\n"

ROLES = [
    "",
    "# nothing\n",
    PROPOSAL,
    PROPOSAL + "[.*]\n" + ALL,
    "[.*]\n" + ALL + PROPOSAL,
    "[x_foo]\n" + ADMIN + "[x_foo_matcher]\n" + ALL,
    "[x_foo_matcher]\n" + ALL + "[x_foo]\n" + ADMIN,
    "[^x_foo$]\n" + ALL + "[.*]\n" + NONE,
    "[.*]\n" + NONE,
    "[.*]\ncreate = admin, Member\nread = MEMBER\nupdate =\ndelete = reader,,keeper,\n",
    "[.*]\ncreate = member,@\nread = member,!\nupdate = ,\ndelete = service\n",
    "[.*]\ncreate = @,!\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = @\nread = @\nupdate = @\n",
    "[.*]\ncreate = @\nread = @\nupdate\ndelete = @\n",
    "[.*]\nCREATE: admin\nRead : @\nuPdate=member\ndelete   :   reader\n",
    "[.*]\ncreate = admin,\n  member,\n\n    reader\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = admin,\n# not that one\n  member\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate =\n  admin,\n  ; nor that\n  member\nread = @\nupdate = @\ndelete = @\n",
    "  [.*]\n  create = admin\n  read = @\n  update = @\n  delete = @\n",
    "[.*]\ncreate = admin\n  read = @\nread = @\nupdate = @\ndelete = @\n",
    "[x_foo]\n" + ADMIN + "  [.*]\n" + ALL,
    "[.*]\r\ncreate = admin\r\nread = @\r\nupdate = @\r\ndelete = member\r\n",
    "[.*]\rcreate = admin\rread = @\rupdate = @\rdelete = member\r",
    "[DEFAULT]\ndelete = admin\nupdate = !\n[.*]\ncreate = @\nread = @\nupdate = member\n",
    "[DEFAULT]\nkeepers = admin,keeper\n[.*]\ncreate = %(keepers)s\nread = %(KEEPERS)s,member\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = admin\nread = %(create)s,member\nupdate = %(read)s\ndelete = @\n",
    "[.*]\ncreate = %(nothing)s\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = %(create)s\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = 100%\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = 100%%\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = 50%%\nread = %%50,50%%,admin\nupdate = %(create)s\ndelete = @\n",
    "[.*]\ncreate = %(read)\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = a=b\nread = a:b\nupdate = @\ndelete = @\n",
    "[.*]\n" + ALL + "[.*]\n" + ALL,
    "[.*]\ncreate = admin\n" + ALL,
    "create = admin\n[.*]\n" + ALL,
    "[]\n" + ALL,
    "[.*\n" + ALL,
    "[.*]\n= admin\n" + ALL,
    "[.*]\nnonsense\n" + ALL,
    "[(]\n" + ALL,
    "[*]\n" + ALL,
    "[x_foo_*]\n" + ALL + "[[ab]]\n" + NONE + "[.*]\n" + ADMIN,
    "[os_glance_.*]\n" + NONE + "[.*]\n" + ADMIN,
    "[os_glance(]\n" + NONE + "[.*]\n" + ADMIN,
    "[^(?!x_).*]\n" + ALL,
    "[.*] # all\n" + ALL,
    "[ x_foo ]\n" + ALL,
    "[.*]\ncreate = admin # and nobody else\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = admin\n  member\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\ndelte = admin\n",
    "\ufeff[.*]\n" + ALL,
    "[a=b]\n" + ALL + "[a b]\n" + ADMIN,
]

POLICIES = [
    "[^x_billing]\ncreate = keeper\nread = keeper_or_admin\nupdate = context_is_admin\ndelete = !\n[.*]\n" + ALL,
    "[.*]\ncreate = of_project\nread = of_demo\nupdate = vouched\ndelete =\n",
    "[.*]\ncreate = keeper,context_is_admin\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = keper\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = rule:keeper\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = keeper or role:member\nread = @\nupdate = @\ndelete = @\n",
    "[.*]\ncreate = %(read)s\nread = keeper\nupdate = default\ndelete = @\n",
    "[.*]\ncreate = keeper\nread = @\nupdate = @\n",
]


def recorded():
    """Every file with what it lets whom do, or that Glance does not start by it."""
    logging.disable(logging.CRITICAL)
    cfg.CONF([], project="glance", default_config_files=[])
    for form, texts in [("roles", ROLES), ("policies", POLICIES)]:
        for text in texts:
            yield {"format": form, "text": text, "allowed": allowed(form, text)}


def allowed(form, text):
    """Who may what with each name, by first letters; None where the file is refused."""
    rules = load(form, text)
    if rules is None:
        return None
    return {name: {who: may(rules, who, name) for who in PEOPLE} for name in NAMES}


def load(form, text):
    """The rules of a file, or None."""
    property_utils.CONFIG = configparser.ConfigParser()
    enforcer = glance_policy.Enforcer()
    enforcer.add_rules(policy.Rules.from_dict(RULES))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "protections.conf"
        path.write_bytes(text.encode())
        cfg.CONF.set_override("property_protection_file", str(path))
        cfg.CONF.set_override("property_protection_rule_format", form)
        try:
            return property_utils.PropertyRules(enforcer)
        except Exception:  # whatever it is keeps Glance from starting
            return None


def may(rules, who, name):
    """The first letters of what one person may do with one name."""
    return "".join(
        operation[0] for operation in ["create", "read", "update", "delete"] if rules.check_property_rules(name, operation, caller(who))
    )


def caller(who):
    """A new context, since Glance puts service roles among the user's."""
    person = PEOPLE[who]
    return context.RequestContext(
        user_id=who, project_id="demo", roles=list(person["roles"]), service_roles=list(person.get("service_roles", []))
    )
