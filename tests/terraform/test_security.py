"""What the plan would open, grant and write: read from the plan itself, not from the code that makes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.terraform_offline import OfflineTerraform, planned, user_data

from fleetkit.terraform import list_flows

pytestmark = pytest.mark.sandbox

SECRET = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|password\s*[=:]|\"auths\"|\.dockercfg", re.IGNORECASE)


def rules(plan: dict[str, Any], direction: str) -> dict[str, dict[str, Any]]:
    """Return name → planned values of the rules of one direction."""
    found = planned(plan, "aws_security_group_rule")
    return {address.split('"')[1]: rule for address, rule in found.items() if rule["type"] == direction}


@pytest.fixture(params=["minimal", "existing_vpc"])
def plan(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the two examples in turn."""
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


class TestWhatIsOpen:
    def test_the_world_reaches_only_the_public_load_balancer_on_80_and_443(self, plan: dict[str, Any]) -> None:
        open_ = {
            name: (rule["from_port"], rule["to_port"])
            for name, rule in rules(plan, "ingress").items()
            if "0.0.0.0/0" in (rule["cidr_blocks"] or [])
        }
        assert set(open_) <= {"http-from-world-to-lb-public", "https-from-world-to-lb-public"}
        assert open_["http-from-world-to-lb-public"] == (80, 80)
        assert open_.get("https-from-world-to-lb-public", (443, 443)) == (443, 443)

    def test_443_is_open_only_where_something_listens(
        self, minimal: dict[str, Any], existing_vpc: dict[str, Any]
    ) -> None:
        assert "https-from-world-to-lb-public" not in rules(minimal, "ingress")
        assert "https-from-world-to-lb-public" in rules(existing_vpc, "ingress")

    def test_ssh_comes_from_the_operator_and_goes_on_from_the_bastion(self, minimal: dict[str, Any]) -> None:
        ssh = {
            name: rule for name, rule in rules(minimal, "ingress").items() if rule["from_port"] <= 22 <= rule["to_port"]
        }
        assert {name for name, rule in ssh.items() if rule["cidr_blocks"]} == {"ssh-from-operator-to-bastion"}
        assert ssh["ssh-from-operator-to-bastion"]["cidr_blocks"] == ["198.51.100.7/32"]
        assert set(ssh) == {
            "ssh-from-bastion-to-internal",
            "ssh-from-bastion-to-master",
            "ssh-from-bastion-to-public",
            "ssh-from-lb-internal-to-internal",
            "ssh-from-operator-to-bastion",
        }

    def test_without_a_bastion_ssh_comes_from_the_vpn(self, existing_vpc: dict[str, Any]) -> None:
        cidrs = {tuple(rule["cidr_blocks"]) for rule in rules(existing_vpc, "ingress").values() if rule["cidr_blocks"]}
        assert cidrs == {("172.16.0.0/22",), ("0.0.0.0/0",)}
        assert "aws_eip" not in {change["type"] for change in existing_vpc["resource_changes"]}

    def test_etcd_is_reached_by_its_clients_and_its_peers_alone(self, minimal: dict[str, Any]) -> None:
        ingress = rules(minimal, "ingress")
        by_port = {
            port: {
                name.split("-from-")[1]
                for name, rule in ingress.items()
                if rule["from_port"] <= port <= rule["to_port"]
            }
            for port in (2379, 2380, 4001, 7001)
        }
        assert by_port == {
            2379: {"master-to-master", "internal-to-master", "public-to-master", "bastion-to-master"},
            2380: {"master-to-master"},
            4001: set(),
            7001: set(),
        }

    def test_every_rule_is_tcp_has_one_source_and_says_why(self, plan: dict[str, Any]) -> None:
        for direction in ("ingress", "egress"):
            for name, rule in rules(plan, direction).items():
                assert rule["protocol"] == "tcp", name
                assert rule["description"].startswith(f"{name}: "), name
                assert len(rule["description"]) > len(name) + 10, name

    def test_the_library_reads_the_same_flows_out_of_the_modules_text(self, plan: dict[str, Any]) -> None:
        planned_flows = {
            rule["description"] for direction in ("ingress", "egress") for rule in rules(plan, direction).values()
        }
        told = {name: given["value"] for name, given in plan["variables"].items()}
        flows = list_flows(
            vpn=told["access"] == "vpn",
            https=bool(told.get("certificate_arn")),
            deploy_host=told["deploy_host"]["enabled"],
        )
        assert {f"{one.name}: {one.why}" for one in flows} == planned_flows

    def test_the_world_is_reached_on_443_and_by_the_bastion_on_80(self, plan: dict[str, Any]) -> None:
        out = {name: rule for name, rule in rules(plan, "egress").items() if "0.0.0.0/0" in (rule["cidr_blocks"] or [])}
        for name, rule in out.items():
            assert rule["from_port"] == rule["to_port"] == (80 if name == "http-from-bastion-to-world" else 443), name
        assert not any(name.startswith(("http-from-lb", "https-from-lb")) for name in out)

    def test_what_leaves_one_group_may_enter_the_other(self, plan: dict[str, Any]) -> None:
        places = ("-to-world", "from-world-", "from-operator-", "from-vpn-")
        inside = {d: {n for n in rules(plan, d) if not any(p in n for p in places)} for d in ("ingress", "egress")}
        assert inside["egress"] <= inside["ingress"]
        # Only what goes to the whole world may lack a rule to go to a neighbour.
        wide = tuple(name.removesuffix("world") for name in rules(plan, "egress") if name.endswith("-to-world"))
        assert {name for name in inside["ingress"] - inside["egress"] if not name.startswith(wide)} == set()
        assert not any(name.startswith(wide) for name in inside["egress"])


class TestMachines:
    def test_metadata_needs_a_token_and_stays_on_the_machine(self, plan: dict[str, Any]) -> None:
        machines = {**planned(plan, "aws_instance"), **planned(plan, "aws_launch_template")}
        for address, values in machines.items():
            assert values["metadata_options"][0]["http_tokens"] == "required", address
            assert values["metadata_options"][0]["http_put_response_hop_limit"] == 1, address

    def test_every_volume_is_encrypted_gp3(self, plan: dict[str, Any]) -> None:
        volumes = [values["root_block_device"][0] for values in planned(plan, "aws_instance").values()]
        volumes += [
            mapping["ebs"][0]
            for values in planned(plan, "aws_launch_template").values()
            for mapping in values["block_device_mappings"]
        ]
        assert {(str(volume["encrypted"]).lower(), volume["volume_type"]) for volume in volumes} == {("true", "gp3")}

    def test_no_subnet_hands_out_public_addresses(self, minimal: dict[str, Any]) -> None:
        subnets = planned(minimal, "aws_subnet")
        assert len(subnets) == 6
        assert not any(subnet["map_public_ip_on_launch"] for subnet in subnets.values())

    def test_user_data_holds_no_secret_and_fits(self, plan: dict[str, Any]) -> None:
        for address, text in user_data(plan).items():
            assert len(text.encode()) <= 16384, address
            assert not SECRET.search(text), address

    def test_masters_are_protected_and_no_autoscaling_group(self, plan: dict[str, Any]) -> None:
        masters = {a: v for a, v in planned(plan, "aws_instance").items() if a.startswith("module.etcd.")}
        assert len(masters) == len(plan["variables"]["masters"]["value"])
        assert all(values["disable_api_termination"] for values in masters.values())
        assert {values["name"] for values in planned(plan, "aws_autoscaling_group").values()} == {
            f"{plan['variables']['name']['value']}-{pool}" for pool in ("internal", "public")
        }


class TestGrants:
    def test_each_role_reads_its_own_files_and_nothing_else(self, minimal: dict[str, Any]) -> None:
        bucket = "arn:aws:s3:::fleetkit-demo-123456789012-us-west-2"
        granted = {}
        for address, values in planned(minimal, "aws_iam_role_policy").items():
            if address.startswith("module.security."):
                (statement,) = json.loads(values["policy"])["Statement"]
                assert (statement["Effect"], statement["Action"]) == ("Allow", "s3:GetObject")
                granted[address.split('"')[1]] = statement["Resource"]
        assert granted == {
            "bastion": [f"{bucket}/roles/bastion/*"],
            "internal": [f"{bucket}/roles/internal/*", f"{bucket}/archives/*"],
            "master": [f"{bucket}/roles/master/*", f"{bucket}/archives/*"],
            "public": [f"{bucket}/roles/public/*", f"{bucket}/archives/*"],
        }

    def test_no_policy_names_all_resources_or_all_actions(self, plan: dict[str, Any]) -> None:
        for address, values in planned(plan, "aws_iam_role_policy").items():
            # The flow log's names a log group that is known only after it is made.
            for statement in json.loads(values.get("policy") or '{"Statement": []}')["Statement"]:
                assert "*" not in statement["Action"], address
                assert statement["Resource"] != "*", address


class TestTags:
    def test_everything_that_can_be_tagged_names_its_cluster(self, plan: dict[str, Any]) -> None:
        name = plan["variables"]["name"]["value"]
        for change in plan["resource_changes"]:
            values = change["change"]["after"] or {}
            if change["mode"] == "managed" and "tags" in values and change["type"] != "aws_autoscaling_group":
                assert (values["tags"] or {}).get("fleetkit:cluster") == name, change["address"]
                assert "Name" in values["tags"], change["address"]

    def test_pools_hand_their_tags_to_instances_and_volumes(self, existing_vpc: dict[str, Any]) -> None:
        for values in planned(existing_vpc, "aws_autoscaling_group").values():
            tags = {tag["key"]: tag["value"] for tag in values["tag"] if tag["propagate_at_launch"]}
            assert {"Name", "fleetkit:cluster", "fleetkit:role", "team", "cost-center"} <= tags.keys()
        for values in planned(existing_vpc, "aws_launch_template").values():
            (volume,) = values["tag_specifications"]
            assert volume["resource_type"] == "volume"
            assert volume["tags"]["fleetkit:cluster"] == "prod"


class TestMastersStay:
    def test_their_user_data_is_the_same_whatever_else_changes(
        self, offline: OfflineTerraform, root: Path, minimal: dict[str, Any]
    ) -> None:
        changed = offline.plan(
            root,
            "minimal",
            certificate_arn="arn:aws:acm:us-west-2:123456789012:certificate/0a1b2c3d",
            images={"flatcar": "ami-0aaaaaaaaaaaaaaaa", "ubuntu": "ami-0bbbbbbbbbbbbbbbb"},
            masters_instance={"instance_type": "m5.xlarge", "disk_gb": 200},
            pools={
                name: {"minimum": 1, "maximum": 9, "desired": 5, "instance_type": "m5.large", "disk_gb": 99}
                for name in ("internal", "public")
            },
            operator_cidr="203.0.113.0/24",
            tags={"team": "platform"},
            log_retention_days=30,
        )
        before, after = user_data(minimal), user_data(changed)
        masters = [address for address in before if address.startswith("module.etcd.")]
        assert len(masters) == 3
        assert all(before[address] == after[address] for address in masters)

    def test_each_is_told_only_where_its_own_files_are(self, minimal: dict[str, Any]) -> None:
        texts = {a: t for a, t in user_data(minimal).items() if a.startswith("module.etcd.")}
        pointers = {address: decode_file(text, "/etc/fleetkit/fetch.env") for address, text in texts.items()}
        for address, pointer in pointers.items():
            member = address.split('"')[1]
            assert pointer.splitlines() == [
                "FLEETKIT_BUCKET=fleetkit-demo-123456789012-us-west-2",
                "FLEETKIT_REGION=us-west-2",
                f"FLEETKIT_MANIFEST=roles/master/{member}/manifest",
            ]
        # Nothing but the pointer tells two masters apart.
        assert len({text.replace(encode(pointers[a]), "") for a, text in texts.items()}) == 1


def encode(text: str) -> str:
    """Return base64 of a text."""
    import base64

    return base64.b64encode(text.encode()).decode()


def decode_file(ignition: str, path: str) -> str:
    """Return the text of one file of an Ignition configuration."""
    import base64

    (source,) = [
        file["contents"]["source"] for file in json.loads(ignition)["storage"]["files"] if file["path"] == path
    ]
    return base64.b64decode(source.removeprefix("data:;base64,")).decode()
