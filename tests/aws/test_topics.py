"""Messages to topics of SNS: taken as they are where SNS allows it, and refused with AWS's own word."""

from __future__ import annotations

import json

import pytest
from support.aws_moto import emulated_aws

from fleetkit.aws import AwsSession, publish_message
from fleetkit.core import AwsError


@pytest.fixture
def session():
    with emulated_aws() as opened:
        yield opened


def make_topic(session: AwsSession) -> tuple[str, str]:
    """Make a topic that a queue hears; return its ARN and the queue's address."""
    topic = session.client("sns").create_topic(Name="runs")["TopicArn"]
    sqs = session.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def heard(session: AwsSession, queue: str) -> dict[str, str]:
    return json.loads(session.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])


def test_a_subscriber_hears_subject_and_body(session):
    topic, queue = make_topic(session)
    assert publish_message(session, topic, subject="[demo] audit: findings", body="two\nlines →")
    told = heard(session, queue)
    assert (told["Subject"], told["Message"]) == ("[demo] audit: findings", "two\nlines →")


@pytest.mark.parametrize("subject", ["é" * 300, "one\ntwo", "", " "])
def test_what_sns_does_not_take_as_a_subject_still_comes_through(session, subject):
    topic, queue = make_topic(session)
    publish_message(session, topic, subject=subject, body="b")
    told = heard(session, queue)["Subject"]
    assert 0 < len(told) < 100
    assert told.isascii()
    assert "\n" not in told


def test_a_topic_that_is_not_there_is_told_with_its_name(session):
    topic, _ = make_topic(session)
    with pytest.raises(AwsError, match=f"AWS refused a message to the topic {topic}x: NotFound"):
        publish_message(session, f"{topic}x", subject="s", body="b")
