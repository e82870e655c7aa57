"""Publishing to topics of SNS, with the same credentials and endpoint as everything else that asks AWS."""

from __future__ import annotations

from fleetkit.aws._errors import asking
from fleetkit.aws.session import AwsSession

__all__ = ["publish_message"]

# SNS API, Publish: a subject is ASCII, without line ends, of less than 100 characters; a message has 256 KiB at most.
_SUBJECT = 99
_BODY_BYTES = 256 * 1024


def publish_message(session: AwsSession, topic: str, *, subject: str, body: str) -> str:
    """Publish a message to a topic, and return the id that SNS gave it.

    Parameters
    ----------
    session
        In the topic's region.
    topic
        Its ARN.
    subject
        One line, which subscribers by mail see; what SNS does not take in it is left out, in the body it stays.

    Raises
    ------
    AwsError
        When SNS refuses it or cannot be reached.
    """
    shown = " ".join(subject.encode("ascii", errors="replace").decode("ascii").split())[:_SUBJECT]
    content = body.encode()[:_BODY_BYTES].decode(errors="ignore")
    with asking(f"a message to the topic {topic}"):
        answer = session.client("sns").publish(TopicArn=topic, Subject=shown or "notice", Message=content or shown)
    return str(answer["MessageId"])
