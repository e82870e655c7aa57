"""The metadata service gives tokens and facts as IMDSv2 does, to the address that asks and to no other."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from fleetkit.sandbox.aws.identity import RoleCredentials
from fleetkit.sandbox.services.http import Answer, Request
from fleetkit.sandbox.services.metadata import MetadataService
from fleetkit.sandbox.world import Instance

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
ETCD1 = Instance(
    instance_id="i-1",
    state="running",
    address="10.0.1.100",
    subnet_id="private",
    groups=(),
    kind="flatcar",
    image_id="ami-1",
    hostname="ip-10-0-1-100.us-west-2.compute.internal",
    instance_type="t3.small",
    zone="us-west-2a",
)


@dataclasses.dataclass
class Facts:
    instances: list[Instance]
    tokens: bool = True
    role_name: str | None = "master"
    trusted: bool = True

    def instance_at(self, address: str) -> Instance | None:
        return next((one for one in self.instances if one.address == address), None)

    def requires_token(self, _instance: Instance) -> bool:
        return self.tokens

    def user_data(self, instance: Instance) -> bytes | None:
        return b"\x00{}" if instance.instance_id == "i-1" else None

    def public_key(self, _instance: Instance) -> str | None:
        return "ssh-ed25519 AAAA"

    def role(self, _instance: Instance) -> str | None:
        return self.role_name

    def credentials(self, _instance: Instance, _role: str) -> RoleCredentials | None:
        if not self.trusted:
            return None
        return RoleCredentials(
            access_key_id="ASIA", secret_access_key="s", token="t", issued=NOW, expires=NOW + dt.timedelta(hours=6)
        )


class Client:
    def __init__(self, facts: Facts | None = None) -> None:
        self.time = 0.0
        self.facts = facts or Facts([ETCD1, dataclasses.replace(ETCD1, instance_id="i-2", address="10.0.1.101")])
        self.service = MetadataService(self.facts, region="us-west-2", account_id="1", now=lambda: self.time)

    def ask(self, method: str, path: str, *, peer: str = ETCD1.address, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.service.answer(Request(method=method, path=path, headers=named, peer=peer))

    def token(self, *, ttl: str = "60", peer: str = ETCD1.address) -> str:
        answer = self.ask("PUT", "/latest/api/token", peer=peer, x_aws_ec2_metadata_token_ttl_seconds=ttl)
        return answer.body.decode()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path, x_aws_ec2_metadata_token=self.token())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("meta-data/instance-id", "i-1"),
        ("meta-data/local-ipv4", "10.0.1.100"),
        ("meta-data/hostname", ETCD1.hostname),
        ("meta-data/instance-type", "t3.small"),
        ("meta-data/placement/availability-zone", "us-west-2a"),
        ("meta-data/placement/region", "us-west-2"),
        ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA"),
        ("meta-data/iam/security-credentials/", "master"),
        ("meta-data/placement/", "availability-zone\nregion"),
        ("user-data", "\x00{}"),
    ],
)
def test_facts_are_given(path: str, text: str) -> None:
    answer = Client().get(f"/latest/{path}")
    assert (answer.status, answer.body.decode()) == (200, text)


def test_credentials_have_amazons_fields() -> None:
    body = json.loads(Client().get("/latest/meta-data/iam/security-credentials/master").body)
    assert (body["Code"], body["AccessKeyId"], body["Token"]) == ("Success", "ASIA", "t")
    assert body["Expiration"] == "2026-11-22T18:00:00Z"


def test_the_identity_document_names_the_instance() -> None:
    document = json.loads(Client().get("/latest/dynamic/instance-identity/document").body)
    assert (document["instanceId"], document["region"]) == ("i-1", "us-west-2")


@pytest.mark.parametrize("path", ["meta-data/public-ipv4", "meta-data/nothing", "nothing", "meta-data/instance-id/x"])
def test_what_is_not_there_is_404(path: str) -> None:
    assert Client().get(f"/latest/{path}").status == 404


def test_without_user_data_there_is_none() -> None:
    client = Client()
    token = client.token(peer="10.0.1.101")
    answer = client.ask("GET", "/latest/user-data", peer="10.0.1.101", x_aws_ec2_metadata_token=token)
    assert answer.status == 404


def test_without_a_profile_there_are_no_credentials() -> None:
    client = Client(Facts([ETCD1], role_name=None))
    assert client.get("/latest/meta-data/iam/security-credentials/").status == 404


def test_a_request_without_a_token_is_refused_where_tokens_are_required() -> None:
    assert Client().ask("GET", "/latest/meta-data/instance-id").status == 401
    optional = Client(Facts([ETCD1], tokens=False))
    assert optional.ask("GET", "/latest/meta-data/instance-id").status == 200


def test_a_token_is_bound_to_its_address() -> None:
    client = Client()
    token = client.token()
    other = client.ask("GET", "/latest/meta-data/instance-id", peer="10.0.1.101", x_aws_ec2_metadata_token=token)
    assert other.status == 401


def test_a_token_ends_with_its_time() -> None:
    client = Client()
    token = client.token(ttl="60")
    client.time = 59.0
    assert client.ask("GET", "/latest/meta-data/instance-id", x_aws_ec2_metadata_token=token).status == 200
    client.time = 60.0
    assert client.ask("GET", "/latest/meta-data/instance-id", x_aws_ec2_metadata_token=token).status == 401


@pytest.mark.parametrize("ttl", ["0", "21601", "soon"])
def test_a_token_for_no_legal_time_is_refused(ttl: str) -> None:
    answer = Client().ask("PUT", "/latest/api/token", x_aws_ec2_metadata_token_ttl_seconds=ttl)
    assert answer.status == 400


def test_a_forwarded_request_gets_no_token() -> None:
    answer = Client().ask(
        "PUT", "/latest/api/token", x_aws_ec2_metadata_token_ttl_seconds="60", x_forwarded_for="10.0.0.1"
    )
    assert answer.status == 403


def test_a_stranger_gets_nothing() -> None:
    answer = Client().ask("PUT", "/latest/api/token", peer="10.9.9.9", x_aws_ec2_metadata_token_ttl_seconds="60")
    assert answer.status == 404


def test_a_role_that_does_not_trust_ec2_is_named_and_has_no_keys() -> None:
    client = Client(Facts([ETCD1], trusted=False))
    assert client.get("/latest/meta-data/iam/security-credentials/").body == b"master"
    answer = json.loads(client.get("/latest/meta-data/iam/security-credentials/master").body)
    assert answer["Code"] == "AssumeRoleUnauthorizedAccess"
    assert "AccessKeyId" not in answer
