"""The hub of values.yaml on one computer, without Kubernetes, for tools/load_test.py.

Whoever reaches it gets in under any name, without a password. So it listens on 127.0.0.1 alone, and
is no hub to teach with.
"""

import math
import os
import sys
from pathlib import Path

import yaml

values = yaml.safe_load(Path(os.environ["HUB_VALUES"]).read_text(encoding="utf8"))
student, cull = values["singleuser"], values["cull"]
folder = Path(os.environ["HUB_FOLDER"])

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = os.environ["HUB_ADDRESS"]
c.JupyterHub.hub_bind_url = os.environ["HUB_BEHIND_PROXY"]
c.JupyterHub.db_url = f"sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

# As the chart does: the proxy is a program of its own, and a hub that ends takes no server with it.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = os.environ["HUB_PROXY_API"]
c.JupyterHub.cleanup_servers = False
c.JupyterHub.last_activity_interval = min(60, cull["every"])

c.JupyterHub.spawner_class = "simple"   # all servers under this user, each with a home of its own
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if os.getuid() == 0 else []
c.Spawner.default_url = student["defaultUrl"]
c.Spawner.start_timeout = student["startTimeout"]
c.Spawner.http_timeout = values["hub"]["config"]["KubeSpawner"]["http_timeout"]
c.Spawner.environment = {
    **student["extraEnv"],
    "JUPYTERHUB_ACTIVITY_INTERVAL": str(min(300, cull["every"])),
    # no container, so nothing but this keeps a student to the cores of the limit
    "LOKY_MAX_CPU_COUNT": str(math.ceil(student["cpu"]["limit"])),
    # the address in the link is another one's: git takes the course from this computer
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": f"url.{os.environ['HUB_COURSE']}.insteadOf",
    "GIT_CONFIG_VALUE_0": os.environ["HUB_REPOSITORY"],
    **({"MNIST_NPZ": os.environ["MNIST_NPZ"]} if "MNIST_NPZ" in os.environ else {}),
}

if cull["enabled"]:
    c.JupyterHub.load_roles = [{"name": "culler", "services": ["culler"], "scopes": [
        "list:users", "read:users:activity", "read:servers", "delete:servers"]}]
    c.JupyterHub.services = [{"name": "culler", "command": [
        sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={cull['timeout']}",
        f"--cull-every={cull['every']}", f"--max-age={cull['maxAge']}"]}]
