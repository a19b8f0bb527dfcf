"""Processes of the recording: commands that end, and servers on loopback."""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

BIN = pathlib.Path(sys.executable).parent

SETTINGS = """
wsgi_app = "{application}"
bind = "fd://{fd}"
workers = 1
timeout = 60
control_socket_disable = True
"""


def run(*command, env):
    """Runs one of the environment's commands, and fails with what it printed."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


class Server:
    """A WSGI application under gunicorn, on a port that the kernel chose.

    One worker with one thread: SQLite takes one writer, and answers come in the
    order of the requests.
    """

    def __init__(self, application, env, log):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        fd = self.listener.fileno()
        # In a file: the applications read the command line, too.
        settings = log.with_name("gunicorn.conf.py")
        settings.write_text(SETTINGS.format(fd=fd, application=application))
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [BIN / "gunicorn"],
                env=dict(env, PYTHONHASHSEED="0"),
                cwd=log.parent,
                pass_fds=[fd],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait(self, path, seconds=60):
        """Waits until GET path is answered."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + path, timeout=5)
            except urllib.error.HTTPError as answered:
                if answered.code < 500:
                    return
            except OSError:
                pass
            else:
                return
            time.sleep(0.2)
        raise RuntimeError(f"no server came up:\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self):
        """Stops the server with its worker."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.close()


def environment(**more):
    """The environment of all processes: nothing that the caller's might change."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return {"PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **kept, **more}
