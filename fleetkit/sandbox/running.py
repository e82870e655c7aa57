"""A sandbox that runs: all its parts, put together in the daemon's process."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from fleetkit.sandbox.authority import Authority, make_key_pair
from fleetkit.sandbox.aws.identity import ACCOUNT_ID
from fleetkit.sandbox.aws.instance_facts import InstanceFacts
from fleetkit.sandbox.aws.patches import measure_targets_with
from fleetkit.sandbox.aws.server import AwsServer
from fleetkit.sandbox.folder import SandboxFolder
from fleetkit.sandbox.halls import Network, open_hall
from fleetkit.sandbox.reconcile import Reconciler, add_outside
from fleetkit.sandbox.services.balancers import Balancers
from fleetkit.sandbox.services.front import open_front, open_local_ports
from fleetkit.sandbox.services.http import HttpService
from fleetkit.sandbox.services.metadata import MetadataService
from fleetkit.sandbox.services.mirror import answer_address, answer_archive, answer_registry, build_archive
from fleetkit.sandbox.services.public import PublicPorts
from fleetkit.sandbox.services.relay import RelayThread
from fleetkit.sandbox.terraform_files import (
    find_provider_zip,
    unpack_provider,
    write_cli_config,
    write_provider_block,
)

__all__ = ["RunningSandbox"]

_KEY_PAIR = "fleetkit"
_METADATA = ("169.254.169.254", 80)
_Progress = Callable[[str], None]


class RunningSandbox:
    """All parts of one sandbox; made once per process.

    Parameters
    ----------
    folder
        Its folder, held by this process.
    region
        The region whose machines boot.
    network
        How machines are connected.
    progress
        Told what is being started.
    """

    def __init__(self, folder: SandboxFolder, *, region: str, network: Network, progress: _Progress) -> None:
        self.region = region
        self._network = network
        self._folder = folder
        self._stack = contextlib.ExitStack()
        try:
            self._start(progress)
        except BaseException:
            self._stack.close()
            raise

    def _start(self, progress: _Progress) -> None:
        folder, region = self._folder, self.region
        folder.aws.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = Authority(folder.tls)
        with ThreadPoolExecutor(max_workers=1) as aside:
            mirror = folder.terraform / "mirror"
            unpacked = aside.submit(lambda: unpack_provider(mirror, zip_file=find_provider_zip()))
            progress("network and machines")
            self.opened = open_hall(self._network, folder.hall, trust_pem=authority.trust_pem)
            self.hall = self.opened.hall
            self._stack.callback(self.hall.stop)
            progress("emulated AWS")
            self.server = self._stack.enter_context(AwsServer(folder.aws, region=region, on_request=self._look_again))
            self._import_key_pair()
            progress("services")
            relay = RelayThread()
            self._stack.callback(relay.stop)
            self._start_services(relay, authority)
            self._start_mirror()
            self._open_to_visitor(relay)
            progress("Terraform's provider")
            unpacked.result()
        write_cli_config(folder.terraform / "cli.tfrc", mirror=folder.terraform / "mirror")
        write_provider_block(folder.terraform / "provider.tf", url=self.server.url)
        self.reconciler.start()
        self._stack.callback(self.reconciler.stop)
        self._write_environment()

    def _look_again(self) -> None:
        self.reconciler.wake()

    def _import_key_pair(self) -> None:
        from moto.ec2.models import ec2_backends

        public = make_key_pair(self._folder.key_file)
        ec2_backends[ACCOUNT_ID][self.region].import_key_pair(_KEY_PAIR, public, {})

    def _start_services(self, relay: RelayThread, authority: Authority) -> None:
        open_front(self.hall, relay, authority, region=self.region, moto_port=self.server.port)
        add_outside(self.hall)
        balancers = Balancers(self.hall, relay, authority)
        self._stack.callback(balancers.stop)
        measure_targets_with(balancers.health.state_of)
        self._stack.callback(measure_targets_with, None)
        self.ports = PublicPorts(self.hall, relay, ssh_config=self._folder.ssh_config, key_file=self._folder.key_file)
        self.reconciler = Reconciler(self.hall, balancers, self.ports, region=self.region)
        facts = InstanceFacts(region=self.region, instance_at=self.reconciler.instance_at)
        metadata = MetadataService(facts, region=self.region, account_id=ACCOUNT_ID)
        self._serve(self.hall.listen("router", *_METADATA), metadata.answer, name="metadata")

    def _start_mirror(self) -> None:
        archive = build_archive()
        self._mirror = {
            "address": self._serve(_any_port(), answer_address, name="address"),
            "archive": self._serve(_any_port(), lambda request: answer_archive(archive, request), name="archive"),
            "registry": self._serve(_any_port(), answer_registry, name="registry"),
        }

    def _open_to_visitor(self, relay: RelayThread) -> None:
        """Let the environment hold for programs in the VPN too, which reach Amazon beside it."""
        urls = (self.server.url, *self._mirror.values())
        ports = [port for url in urls if (port := urlsplit(url).port) is not None]
        open_local_ports(self.hall, relay, machine_id="vpn", ports=ports)

    def _serve(self, listener: socket.socket, answer: Any, *, name: str) -> str:
        service = HttpService(listener, answer, name=name)
        self._stack.callback(service.stop)
        return f"http://127.0.0.1:{service.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which boto3, Terraform and fleetkit find this sandbox instead of Amazon."""
        key = self.server.operator
        return {
            "AWS_ACCESS_KEY_ID": key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.server.url,
            "TF_CLI_CONFIG_FILE": str(self._folder.terraform / "cli.tfrc"),
            "FLEETKIT_TERRAFORM_PROVIDER": str(self._folder.terraform / "provider.tf"),
            "FLEETKIT_ADDRESS_URL": self._mirror["address"],
            "FLEETKIT_ARCHIVE_URL": self._mirror["archive"],
            "FLEETKIT_PYTHON_REGISTRY_URL": self._mirror["registry"],
            "FLEETKIT_REGISTRY_URL": self._mirror["registry"],
            "FLEETKIT_SSH_CONFIG": str(self._folder.ssh_config),
        }

    def _write_environment(self) -> None:
        part = self._folder.environment.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(dict(self.environment), file, indent=2)
        part.replace(self._folder.environment)

    def stop(self) -> None:
        """End everything, the machines first."""
        self.hall.stop()
        self._stack.close()


def _any_port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))
