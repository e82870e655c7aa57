"""What people use of a cluster is told in words and as a table, and comes from Terraform's own outputs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.bare_aws import BareAws, serve_bare_aws
from support.cluster_outputs import ENDPOINTS, PAGES, TOLD
from support.pki_made import make_demo_pki

from fleetkit.workflows.outputs import OUTPUTS


def test_each_output_can_be_copied_whole_from_the_words_and_from_the_table() -> None:
    for value in (*PAGES.values(), *ENDPOINTS.values(), TOLD.sshuttle, TOLD.fleetctl_known_host):
        assert any(line.endswith(f" = {value}") for line in TOLD.text.splitlines()), value
        assert value in list(TOLD.frame["value"])
        assert value in TOLD._repr_html_()


def test_a_cluster_behind_a_vpn_shows_no_tunnel_that_it_does_not_have() -> None:
    for told in (TOLD.text, TOLD._repr_html_()):
        assert "sshuttle --remote" in told
        assert "fleetkit tunnel open demo" in told
    behind = replace(TOLD, sshuttle="")
    for told in (behind.text, behind._repr_html_()):
        assert "sshuttle" not in told
        assert "tunnel open" not in told
        assert "while the VPN is connected" in told


def test_only_what_opens_from_here_is_a_link_and_all_else_says_what_it_takes() -> None:
    page = TOLD._repr_html_()
    assert re.findall(r'<a href="([^"]*)"', page) == ["http://demo-public.elb.example"]
    for url in (PAGES["fleet_ui"], PAGES["etcd_browser"], f"http://{PAGES['internal_web']}"):
        assert re.search(rf"<code>{url}</code></td><td[^>]*>[^<]*</td><td[^>]*>while sshuttle runs</td>", page), url
    assert "<a " not in replace(TOLD, public_web_resolves=False)._repr_html_()
    assert "once its name resolves here" in replace(TOLD, public_web_resolves=False).text


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareAws]:
    with serve_bare_aws(tmp_path_factory.mktemp("aws")) as served:
        served.fleetkit("init", "demo")
        served.fleetkit("pin", "demo")
        make_demo_pki(served.folder / "clusters" / "demo" / "pki")
        yield served


def write_outputs(aws: BareAws, values: dict[str, Any]) -> None:
    """Write a state that has outputs and nothing else, as an apply leaves them."""
    kinds = {str: "string", dict: ["map", "string"], list: ["list", "string"]}
    outputs = {name: {"value": value, "type": kinds[type(value)]} for name, value in values.items()}
    state = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a", "outputs": outputs}
    file = aws.folder / "clusters" / "demo" / "terraform" / "terraform.tfstate"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**state, "resources": []}), encoding="utf-8")


@pytest.mark.sandbox
def test_the_command_reads_what_terraform_put_out_and_pins_the_bastions_key(aws: BareAws) -> None:
    values: dict[str, Any] = dict.fromkeys(OUTPUTS, "some id")
    values |= {**PAGES, "etcd_endpoints": ENDPOINTS, "bastion": {"public_ip": "203.0.113.9"}}
    write_outputs(aws, values)
    told = json.loads(aws.fleetkit("outputs", "demo", "--json"))
    assert {name: told[name] for name in PAGES} == PAGES
    assert told["etcd_endpoints"] == ENDPOINTS
    assert told["public_web_resolves"] is False
    assert told["resources"]["vpc_id"] == "some id"
    words = shlex.split(told["sshuttle"])
    assert words[-2:] == ["ubuntu@203.0.113.9", "10.10.0.0/16"]
    folder = aws.folder / "clusters" / "demo"
    ssh = shlex.split(words[words.index("--ssh-cmd") + 1])
    assert {"StrictHostKeyChecking=yes", f'UserKnownHostsFile="{folder / "known_hosts"}"'} <= set(ssh)
    key = (folder / "pki" / "hosts" / "roles" / "bastion_ed25519_key.pub").read_text().split()[1]
    assert f"203.0.113.9 ssh-ed25519 {key}" in (folder / "known_hosts").read_text().splitlines()
    assert told["fleetctl_known_host"].startswith("[internal-demo.elb.example]:2222 ssh-ed25519 ")

    del values["bastion"]
    write_outputs(aws, values)
    assert json.loads(aws.fleetkit("outputs", "demo", "--json"))["sshuttle"] == ""


@pytest.mark.sandbox
def test_a_cluster_that_is_half_made_is_told_by_what_it_lacks(aws: BareAws) -> None:
    write_outputs(aws, {"vpc_id": "vpc-1"})
    done = aws.run("outputs", "demo")
    assert done.returncode == 2
    assert "demo is not deployed wholly" in done.stderr
    assert "fleet_ui" in done.stderr
    assert "fleetkit deploy demo" in done.stderr
