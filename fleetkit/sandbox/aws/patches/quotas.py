"""Service quotas: the limits that a cluster can run into can be read, with AWS's default values.

moto knows a part of the VPC's only.
Codes and defaults are those of AWS's general reference; an account's own values may be higher.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetkit.sandbox.aws.patches._patch import ABSENT, Patch, Replacement

__all__ = ["QUOTAS"]

_VALUES: tuple[tuple[str, str, str, float], ...] = (
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
    ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5.0),
    ("vpc", "L-E79EC296", "VPC security groups per Region", 2500.0),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    ("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64.0),
    ("ebs", "L-D18FCD1D", "Storage for General Purpose SSD (gp2) volumes, in TiB", 50.0),
    ("ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", 50.0),
    ("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50.0),
    ("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region", 50.0),
    ("autoscaling", "L-CDE20ADC", "Auto Scaling groups per region", 500.0),
)


def _known(backend: Any, service_code: str) -> list[dict[str, Any]]:
    return [
        {
            "ServiceCode": service,
            "ServiceName": service,
            "QuotaArn": f"arn:aws:servicequotas:{backend.region_name}:{backend.account_id}:{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
        for service, code, name, value in _VALUES
        if service == service_code
    ]


def _wrap_get(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        found = next((one for one in _known(self, service_code) if one["QuotaCode"] == quota_code), None)
        if found is not None:
            return found
        asked: dict[str, Any] = original(self, service_code, quota_code)
        return asked

    return get_service_quota


def _wrap_defaults(original: Callable[..., Any]) -> Callable[..., Any]:
    def list_aws_default_service_quotas(self: Any, service_code: str) -> list[dict[str, Any]]:
        ours = _known(self, service_code)
        codes = {one["QuotaCode"] for one in ours}
        theirs = original(self, service_code) if service_code == "vpc" or not ours else []
        return [*ours, *(one for one in theirs if one["QuotaCode"] not in codes)]

    return list_aws_default_service_quotas


def _make_default(_original: None) -> Callable[[Any], str]:
    def get_aws_default_service_quota(self: Any) -> str:
        answer: str = self.get_service_quota()
        return answer

    return get_aws_default_service_quota


def _make_list(_original: None) -> Callable[[Any], str]:
    def list_service_quotas(self: Any) -> str:
        answer: str = self.list_aws_default_service_quotas()
        return answer

    return list_service_quotas


_MODELS = "moto.servicequotas.models:ServiceQuotasBackend"
_RESPONSES = "moto.servicequotas.responses:ServiceQuotasResponse"

QUOTAS = Patch(
    name="quotas",
    promise="the quotas of networks, addresses, instances, volumes, load balancers and groups can be read",
    replacements=(
        Replacement(target=f"{_MODELS}.get_service_quota", digest="afb7feae40d3", wrap=_wrap_get),
        Replacement(target=f"{_MODELS}.list_aws_default_service_quotas", digest="6e031fe0128e", wrap=_wrap_defaults),
        Replacement(target=f"{_RESPONSES}.get_aws_default_service_quota", digest=ABSENT, wrap=_make_default),
        Replacement(target=f"{_RESPONSES}.list_service_quotas", digest=ABSENT, wrap=_make_list),
    ),
)
