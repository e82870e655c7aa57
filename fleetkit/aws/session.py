"""The one door to AWS: clients are made here and nowhere else.

A session is cheap to open and asks nothing of AWS until it is used.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fleetkit.aws._counting import CallCounter, CallCounters
from fleetkit.aws._errors import asking
from fleetkit.aws._sharing import CallShare
from fleetkit.core import AwsError

if TYPE_CHECKING:
    import boto3
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

__all__ = ["CLUSTER_TAG", "ROLE_TAG", "AwsLimits", "AwsSession", "Caller", "open_session"]

T = TypeVar("T")

_GLOBAL = frozenset({"iam", "route-53"})
"""Services, as botocore's events name them, whose limits are those of the account, whatever the session's region."""
_CONNECTIONS = 16

CLUSTER_TAG = "fleetkit:cluster"
"""Tag that names the cluster of a thing on AWS; what is left over is found by it."""

ROLE_TAG = "fleetkit:role"
"""Tag that names the role of a machine: master, internal, public, bastion or deploy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsLimits:
    """How patient calls to AWS are.

    Attributes
    ----------
    connect_timeout_s, read_timeout_s
        Seconds for one attempt to connect, and to answer.
    attempts
        Attempts in all; botocore waits between them and slows down when AWS asks for it.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who AWS says that the credentials belong to.

    Attributes
    ----------
    account_id
        Twelve digits.
    arn
        The user or assumed role.
    """

    account_id: str
    arn: str

    @property
    def name(self) -> str:
        """The last part of the ARN: a user's or a session's name."""
        return self.arn.rpartition("/")[2].rpartition(":")[2]


class AwsSession:
    """AWS in one region; safe to use from several threads.

    Parameters
    ----------
    session
        boto3's session, with credentials and region.
    share
        How many calls a second it may make, together with others; None for as many as it likes.
    """

    def __init__(self, session: boto3.Session, *, share: CallShare | None = None) -> None:
        self._session = session
        self._share = share
        self._clients: dict[str, Any] = {}
        # botocore's events name a service as its model does, and policies by another word.
        self._prefixes: dict[str, str] = {}
        self._caller: Caller | None = None
        self._caller_lock = threading.Lock()
        self._counters = CallCounters()
        # Clients take over what is registered here when they are made.
        session.events.register("before-send", self._count)
        if share is not None:
            # Before anything else that is done to a request: what is signed and then waits too long is refused.
            session.events.register_first("request-created", self._take_turn)
        # boto3's sessions may not make two clients at once; the clients themselves may be shared.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AwsSession({self._session.region_name})"

    @property
    def has_region(self) -> bool:
        """Whether the caller or the environment names a region."""
        return bool(self._session.region_name)

    @property
    def region(self) -> str:
        """The session's region.

        Raises
        ------
        AwsError
            When neither the caller nor the environment names one.
        """
        region = self._session.region_name
        if not region:
            raise AwsError(
                "no AWS region is known",
                seen="no AWS_REGION, and none in the profile",
                hint="name a region: AWS_REGION, or --region where the command has it",
            )
        return region

    def counting(self, limit: int | None = None) -> AbstractContextManager[CallCounter]:
        """Count what is asked inside the block, by all threads; with a limit, nothing is sent beyond it."""
        return self._counters.counting(limit)

    def _count(self, event_name: str, **_: object) -> None:
        service, operation = event_name.split(".")[1:]
        self._counters.take(f"{self._prefixes.get(service, service)}:{operation}")

    def _take_turn(self, event_name: str, **_: object) -> None:
        service = event_name.split(".")[1]
        if self._share is None:
            return
        if service == "sts":
            # Whose account this is has to be asked first, and that call can wait for nobody.
            self._share.count()
            return
        region = "global" if service in _GLOBAL else self.region
        self._share.take(account=self._account_of_share(), region=region)

    def _account_of_share(self) -> str:
        # Known beforehand where credentials come from a role or a sign-on, and else asked once.
        known = getattr(self.credentials(), "account_id", None)
        return str(known or self.account_id())

    def client(self, service: str) -> Any:
        """Return the client of ``service``, made once; its errors are turned by `fleetkit.aws.asking`."""
        with self._lock, asking(f"a client of {service}"):
            if service not in self._clients:
                client: Any = self._session.client(service)  # type: ignore[call-overload]  # any, by design
                model = client.meta.service_model
                self._prefixes[model.service_id.hyphenize()] = model.signing_name
                self._clients[service] = client
            return self._clients[service]

    def credentials(self) -> ReadOnlyCredentials:
        """Return the credentials as they are now; for what signs, and never shown.

        Raises
        ------
        AwsError
            When there are none, or they cannot be had.
        """
        from botocore.exceptions import NoCredentialsError

        with self._lock, asking("credentials"):
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            return found.get_frozen_credentials()

    def caller(self) -> Caller:
        """Return whose credentials these are; asked once.

        Raises
        ------
        AwsError
            When AWS does not accept them or cannot be reached.
        """
        with self._caller_lock:
            if self._caller is None:
                with asking("the caller's identity"):
                    answer = self.sts.get_caller_identity()
                self._caller = Caller(account_id=answer["Account"], arn=answer["Arn"])
            return self._caller

    def account_id(self) -> str:
        """Return the account's twelve digits."""
        return self.caller().account_id

    @property
    def autoscaling(self) -> AutoScalingClient:
        """The client of EC2 Auto Scaling."""
        return cast("AutoScalingClient", self.client("autoscaling"))

    @property
    def ec2(self) -> EC2Client:
        """The client of EC2."""
        return cast("EC2Client", self.client("ec2"))

    @property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        """The client of Elastic Load Balancing."""
        return cast("ElasticLoadBalancingv2Client", self.client("elbv2"))

    @property
    def iam(self) -> IAMClient:
        """The client of IAM."""
        return cast("IAMClient", self.client("iam"))

    @property
    def logs(self) -> CloudWatchLogsClient:
        """The client of CloudWatch Logs."""
        return cast("CloudWatchLogsClient", self.client("logs"))

    @property
    def route53(self) -> Route53Client:
        """The client of Route 53."""
        return cast("Route53Client", self.client("route53"))

    @property
    def s3(self) -> S3Client:
        """The client of S3."""
        return cast("S3Client", self.client("s3"))

    @property
    def quotas(self) -> ServiceQuotasClient:
        """The client of Service Quotas."""
        return cast("ServiceQuotasClient", self.client("service-quotas"))

    @property
    def ssm(self) -> SSMClient:
        """The client of Systems Manager."""
        return cast("SSMClient", self.client("ssm"))

    @property
    def sts(self) -> STSClient:
        """The client of STS."""
        return cast("STSClient", self.client("sts"))


def open_session(
    region: str | None = None, *, limits: AwsLimits | None = None, share: CallShare | None = None
) -> AwsSession:
    """Open a session with the environment's credentials; nothing is asked of AWS yet.

    Parameters
    ----------
    region
        The region; the environment's own where not given.
    limits
        How patient calls are.
    share
        How many calls a second it may make, together with others; None for as many as it likes.

    Raises
    ------
    AwsError
        When AWS_PROFILE names no profile.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    limits = limits or AwsLimits()
    with asking("a session"):
        core = botocore.session.get_session()
        # The session's default, so that what fetches credentials on the way to a call keeps to the limits as well.
        core.set_default_client_config(
            Config(
                connect_timeout=limits.connect_timeout_s,
                read_timeout=limits.read_timeout_s,
                retries={"mode": "adaptive", "total_max_attempts": limits.attempts},
                # As many as are asked at the same time (`fleetkit.core.call_each`): one too few, and each call beyond
                # makes a connection of its own.
                max_pool_connections=_CONNECTIONS,
                user_agent_extra="fleetkit",
            )
        )
        # Which every other program of AWS reads, and boto3 does not.
        session = boto3.Session(botocore_session=core, region_name=region or os.environ.get("AWS_REGION") or None)
    return AwsSession(session, share=share)
