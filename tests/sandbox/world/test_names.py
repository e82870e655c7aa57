"""Names resolve as the private zones, the load balancers and AWS's own endpoints say."""

from __future__ import annotations

from fleetkit.sandbox.world import (
    API_ADDRESS,
    S3_ADDRESS,
    Balancer,
    Observation,
    Record,
    Zone,
    aws_names,
    private_names,
)

WEB = Balancer(
    arn="arn",
    name="web",
    kind="network",
    public=False,
    dns_name="Web-1.us-west-2.elb.amazonaws.com",
    groups=(),
    subnets=("a", "b"),
    addresses=("10.0.0.254", "10.0.1.254"),
)


def zone(*records: Record) -> Observation:
    return Observation(region="us-west-2", balancers=(WEB,), zones=(Zone(name="demo.internal", records=records),))


def test_members_and_balancers_have_their_addresses() -> None:
    names = private_names(zone(Record(name="etcd1.demo.internal.", kind="A", values=("10.0.1.100",))))
    assert names["etcd1.demo.internal"] == "10.0.1.100"
    assert names["web-1.us-west-2.elb.amazonaws.com"] == "10.0.0.254"


def test_aliases_are_followed_to_the_balancer() -> None:
    target = "dualstack.web-1.us-west-2.elb.amazonaws.com."
    names = private_names(
        zone(
            Record(name="ui.demo.internal.", kind="ALIAS", values=(target,)),
            Record(name="board.demo.internal.", kind="CNAME", values=("ui.demo.internal",)),
        )
    )
    assert names["ui.demo.internal"] == names["board.demo.internal"] == "10.0.0.254"


def test_a_circle_of_names_leads_nowhere() -> None:
    names = private_names(
        zone(
            Record(name="a.demo.internal.", kind="CNAME", values=("b.demo.internal",)),
            Record(name="b.demo.internal.", kind="CNAME", values=("a.demo.internal",)),
        )
    )
    assert "a.demo.internal" not in names


def test_other_records_are_no_addresses() -> None:
    names = private_names(zone(Record(name="_etcd.demo.internal.", kind="SRV", values=("0 0 2379 etcd1",))))
    assert "_etcd.demo.internal" not in names


def test_s3_and_the_other_services_are_apart_and_buckets_have_hosts_of_their_own() -> None:
    names = aws_names("us-west-2", ("cluster",))
    assert names["s3.us-west-2.amazonaws.com"] == names["cluster.s3.us-west-2.amazonaws.com"] == S3_ADDRESS
    assert names["ec2.us-west-2.amazonaws.com"] == API_ADDRESS
