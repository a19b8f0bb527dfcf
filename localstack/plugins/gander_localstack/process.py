"""One running bootstrap."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


class Process:
    """A child process in a process group of its own; what it prints goes to the end of a file."""

    def __init__(self, bootstrap: Path, environ: dict[str, str], log: Path, on_exit: Callable[[], None]):
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [bootstrap],
                cwd=bootstrap.parent,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._exited = threading.Event()
        threading.Thread(target=self._reap, args=(on_exit,), daemon=True, name=f"reap-{self._child.pid}").start()

    def _reap(self, on_exit: Callable[[], None]) -> None:
        self._child.wait()
        self._exited.set()
        on_exit()

    @property
    def exited(self) -> bool:
        return self._exited.is_set()

    def how_it_ended(self) -> str:
        """In the words of AWS."""
        status = self._child.returncode
        if status == 0:
            return "Runtime exited without providing a reason"
        if status > 0:
            return f"Runtime exited with error: exit status {status}"
        name = "killed" if status == -signal.SIGKILL else signal.strsignal(-status).lower()
        return f"Runtime exited with error: signal: {name}"

    def memory(self) -> int:
        """Resident memory in bytes; 0 when the process is gone."""
        try:
            return int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1]) * PAGE
        except OSError:
            return 0

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._exited.wait(5)

    def ask_to_end(self, patience: float) -> None:
        """Tells the process to end, and waits so many seconds for it."""
        self._signal(signal.SIGTERM)
        self._exited.wait(patience)

    def _signal(self, number: int) -> None:
        if not self.exited:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)
