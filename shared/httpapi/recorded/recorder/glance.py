"""A Glance that is set up as a Gander with one store is."""

import json
import shutil
import sqlite3

from . import process
from .keystone import PASSWORD, PEOPLE

# One store of files, neither cache nor imports, behind a proxy. SQLite takes one
# connection.
CONFIG = """
[DEFAULT]
use_stderr = true
{protections}
public_endpoint = {public}
enabled_backends = local:file
enabled_import_methods = []
worker_self_reference_url = {public}
[database]
connection = sqlite:///{dir}/glance.db
max_pool_size = 1
max_overflow = 0
[glance_store]
default_backend = local
[local]
filesystem_store_datadir = {dir}/local
[os_glance_staging_store]
filesystem_store_datadir = {dir}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {dir}/tasks
[oslo_middleware]
enable_proxy_headers_parsing = true
[paste_deploy]
flavor = keystone
config_file = {dir}/glance-api-paste.ini
[keystone_authtoken]
www_authenticate_uri = {public}
auth_url = {keystone}
auth_type = password
username = {user}
password = {password}
project_name = {project}
user_domain_id = default
project_domain_id = default
service_token_roles_required = true
"""

# The properties that Glance's own schema file describes, without their
# descriptions; its Python package leaves the file out.
UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
SITE = {
    **{name: {"type": ["null", "string"], "pattern": UUID} for name in ("kernel_id", "ramdisk_id")},
    **{name: {"type": "string"} for name in ("instance_uuid", "architecture", "os_distro", "os_version")},
    **{name: {"type": "string"} for name in ("description", "cinder_encryption_key_id")},
    "cinder_encryption_key_deletion_policy": {"type": "string", "enum": ["on_image_deletion", "do_not_delete"]},
}

PUBLIC = "https://image.example"

# Tables of images and tasks; the rest is the catalogue that Glance brings.
EMPTIED = (
    "image_properties",
    "image_tags",
    "image_members",
    "image_locations",
    "task_info",
    "tasks",
    "images",
)


class Glance:
    """A running Glance, which may have a file of property protections."""

    def __init__(self, folder, keystone, protections=None):
        for part in (folder, folder / "local", folder / "staging", folder / "tasks"):
            part.mkdir()
        shutil.copy(process.BIN.parent / "etc/glance/glance-api-paste.ini", folder)
        (folder / "schema-image.json").write_text(json.dumps(SITE))
        user, project, _ = PEOPLE["service"]
        config = folder / "glance-api.conf"
        config.write_text(
            CONFIG.format(
                dir=folder,
                keystone=keystone.url,
                public=PUBLIC,
                user=user,
                password=PASSWORD,
                project=project,
                protections=f"property_protection_file = {protections}" if protections else "",
            )
        )
        env = process.environment(OS_GLANCE_CONFIG_DIR=str(folder))
        process.run("glance-manage", "--config-file", config, "db_sync", env=env)
        self.folder = folder
        self.server = process.Server("glance.wsgi.api:application", env, folder / "log")

    def settle(self):
        self.server.wait("/healthcheck")

    def forget(self):
        """Empties it: each scenario starts with nothing, and with all ids free."""
        with sqlite3.connect(self.folder / "glance.db", timeout=30) as db:
            for table in EMPTIED:
                db.execute(f"DELETE FROM {table}")
        db.close()
        for file in (self.folder / "local").iterdir():
            file.unlink()
