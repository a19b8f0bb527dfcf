"""A Keystone with the people who ask in recordings."""

import getpass
import grp
import json
import os
import urllib.request

from . import process

CONFIG = """
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///{dir}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {dir}/fernet
[credential]
key_repository = {dir}/credential
"""

# The people, by what they are called in requests: user, project, and roles. The
# roles that a role implies come from Keystone's own bootstrap.
PEOPLE = {
    "member": ("mia", "demo", ["member"]),
    "reader": ("rob", "demo", ["reader"]),
    "admin": ("ada", "admin", ["admin"]),
    "other": ("otto", "other", ["member"]),
    "service": ("svc", "service", ["service", "member"]),
    "nobody": ("norole", "demo", ["nothing"]),
}
PASSWORD = "secret"

# Those whose tokens are of no project: their user, and the scope.
ELSEWHERE = {
    "system": ("ada", {"system": {"all": True}}),
    "domain": ("ada", {"domain": {"id": "default"}}),
    "unscoped": ("ada", "unscoped"),
}


class Keystone:
    """A running Keystone, the ids of its projects, and everybody's token."""

    def __init__(self, folder):
        folder.mkdir()
        config = folder / "keystone.conf"
        config.write_text(CONFIG.format(dir=folder))
        self.env = process.environment(OS_KEYSTONE_CONFIG_DIR=str(folder))
        user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        keys = ["--keystone-user", user, "--keystone-group", group]
        for command in (["db_sync"], ["fernet_setup", *keys], ["bootstrap", *self.first()]):
            process.run("keystone-manage", "--config-file", config, *command, env=self.env)
        self.server = process.Server("keystone.wsgi.api:application", self.env, folder / "log")
        self.url = self.server.url

    @staticmethod
    def first():
        user, project, _ = PEOPLE["admin"]
        return [
            f"--bootstrap-username={user}",
            f"--bootstrap-password={PASSWORD}",
            f"--bootstrap-project-name={project}",
        ]

    def settle(self):
        """Waits for the server, makes the people and logs them in."""
        self.server.wait("/v3")
        self.admin = self.login("admin")
        self.projects = {p["name"]: p["id"] for p in self.call("GET", "/projects")["projects"]}
        roles = {r["name"]: r["id"] for r in self.call("GET", "/roles")["roles"]}
        self.users = {u["name"]: u["id"] for u in self.call("GET", "/users")["users"]}
        for user, project, wanted in PEOPLE.values():
            if project not in self.projects:
                self.projects[project] = self.made("project", name=project, domain_id="default")
            if user in self.users:
                continue
            user_id = self.made("user", name=user, domain_id="default", password=PASSWORD)
            for role in wanted:
                if role not in roles:
                    roles[role] = self.made("role", name=role)
                self.call("PUT", f"/projects/{self.projects[project]}/users/{user_id}/roles/{roles[role]}")
            self.users[user] = user_id
        admin, _ = ELSEWHERE["domain"]
        self.call("PUT", f"/domains/default/users/{self.users[admin]}/roles/{roles['admin']}")
        self.publish()
        self.tokens = {who: self.login(who) for who in PEOPLE}
        self.tokens |= {who: self.token(user, scope) for who, (user, scope) in ELSEWHERE.items()}

    def publish(self):
        """Tells where Keystone is: its middleware looks for it in the catalogue."""
        service = self.made("service", type="identity", name="keystone")
        for interface in ("public", "internal"):
            self.made("endpoint", interface=interface, service_id=service, url=self.url + "/v3")

    def login(self, who):
        """Returns a new token of one of the people."""
        user, project, _ = PEOPLE[who]
        return self.token(user, {"project": {"name": project, "domain": {"id": "default"}}})

    def token(self, user, scope):
        password = {"user": {"name": user, "domain": {"id": "default"}, "password": PASSWORD}}
        auth = {"identity": {"methods": ["password"], "password": password}, "scope": scope}
        with self.open("POST", "/auth/tokens", {"auth": auth}) as answer:
            return answer.headers["X-Subject-Token"]

    def made(self, kind, **fields):
        return self.call("POST", f"/{kind}s", {kind: fields})[kind]["id"]

    def call(self, method, path, body=None):
        with self.open(method, path, body, {"X-Auth-Token": self.admin}) as answer:
            return json.loads(answer.read() or "null")

    def open(self, method, path, body=None, headers=None):
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + "/v3" + path, sent, headers, method=method)
        return urllib.request.urlopen(request, timeout=30)
