"""Castellan's Barbican key manager, set up for the clouds of clouds.yaml."""

import openstack
from castellan import key_manager
from castellan.common.credentials import keystone_password
from oslo_config import cfg

conf = cfg.ConfigOpts()
conf([], project="gander")
keys = key_manager.API(conf)


def context_of(cloud):
    auth = openstack.connect(cloud).config.config["auth"]
    conf.set_override("auth_endpoint", auth["auth_url"], group="barbican")
    return keystone_password.KeystonePassword(
        auth["password"],
        auth_url=auth["auth_url"],
        username=auth["username"],
        user_domain_name=auth.get("user_domain_name"),
        user_domain_id=auth.get("user_domain_id"),
        project_name=auth["project_name"],
        project_domain_name=auth.get("project_domain_name"),
        project_domain_id=auth.get("project_domain_id"),
    )
