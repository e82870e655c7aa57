"""An emulated AWS as a server of its own, whose machines do not boot, and fleetkit's commands turned to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.aws_world import ADDRESS, ARCHIVE, MANIFEST
from support.http_answers import Reply, Request, serve_answers
from support.recovery_deploys import run_fleetkit
from support.sandbox_moto import REGION, SERVE

from fleetkit.sandbox.terraform_files import find_provider_zip, unpack_provider, write_cli_config, write_provider_block

__all__ = ["BareAws", "serve_bare_aws"]

_REPLIES = {
    "/address": Reply(body=ADDRESS.encode()),
    "/v2/coreos/etcd/manifests/v3.5.33": Reply(body=MANIFEST),
    "/mirror/v1.0.0/fleet-v1.0.0-linux-amd64.tar.gz": Reply(body=ARCHIVE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BareAws:
    """An emulated account, and a folder to work in.

    Attributes
    ----------
    folder
        Holds ``clusters``.
    environ
        The whole environment for programs.
    """

    folder: Path
    environ: dict[str, str]

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return run_fleetkit(self.folder, self.environ, *words)

    def fleetkit(self, *words: str, code: int = 0) -> str:
        """Run a command to its end, which must be the given one; return its standard output."""
        done = self.run(*words)
        assert done.returncode == code, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


@contextlib.contextmanager
def serve_bare_aws(folder: Path) -> Iterator[BareAws]:
    """Serve it for the length of a block, with a key pair and with what ``init`` and ``pin`` ask."""
    command = [sys.executable, "-c", SERVE, str(folder), REGION]
    with (
        serve_answers(_answer) as url,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        assert server.stdin is not None
        endpoint, key_id, secret = server.stdout.readline().split()
        write_cli_config(
            folder / "terraformrc", mirror=unpack_provider(folder / "mirror", zip_file=find_provider_zip())
        )
        write_provider_block(folder / "provider.tf", url=endpoint)
        work = folder / "work"
        work.mkdir()
        environ = {
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "TF_CLI_CONFIG_FILE": str(folder / "terraformrc"),
            "FLEETKIT_TERRAFORM_PROVIDER": str(folder / "provider.tf"),
            "FLEETKIT_ADDRESS_URL": f"{url}/address",
            "FLEETKIT_REGISTRY_URL": url,
            "FLEETKIT_ARCHIVE_URL": f"{url}/mirror",
        }
        aws = BareAws(folder=work, environ=environ)
        aws.client("ec2").create_key_pair(KeyName="fleetkit", KeyType="ed25519")
        try:
            yield aws
        finally:
            server.stdin.close()


def _answer(request: Request) -> Reply:
    return _REPLIES.get(request.path, Reply(status=404))
