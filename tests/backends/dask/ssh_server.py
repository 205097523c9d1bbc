"""A real SSH server on this machine, and a configuration of ssh that reaches it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import until


@contextmanager
def ssh_server(folder: Path, begins: Sequence[str] = ()) -> Iterator[Path]:
    """Yields a configuration of ssh by which the hosts node1 and node2 are a server on this machine.

    `begins` is what the server's command begins with. It takes the credentials of object stores that a client sends.
    """
    server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None or shutil.which("ssh") is None or os.getuid() != 0:
        pytest.skip("needs root, ssh and sshd (scripts/test-servers.sh installs them)")
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    authorized = folder / "authorized"
    authorized.write_bytes((folder / "user.pub").read_bytes())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"Port={port}", "ListenAddress=127.0.0.1", f"HostKey={folder / 'host'}", f"PidFile={folder / 'pid'}"]
    options += [f"AuthorizedKeysFile={authorized}", "StrictModes=no", "UsePAM=no", "PermitRootLogin=prohibit-password"]
    options += ["AcceptEnv=AWS_*"]
    command = [*begins, server, "-D", "-e", "-f", "/dev/null", *(word for each in options for word in ("-o", each))]
    config = folder / "config"
    config.write_text(f"""
Host node1 node2
  HostName 127.0.0.1
  Port {port}
  User {getpass.getuser()}
  IdentityFile {folder / 'user'}
  IdentitiesOnly yes
  UserKnownHostsFile {folder / 'known'}
  StrictHostKeyChecking accept-new
  LogLevel ERROR
  SendEnv AWS_*
""")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            until(lambda: b"Server listening" in (folder / "log").read_bytes(), "an SSH server")
            yield config
        finally:
            process.terminate()
