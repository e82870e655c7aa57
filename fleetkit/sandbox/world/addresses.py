"""The addresses that the sandbox itself has in its network.

All but the VPN's come from ranges set aside for documentation (RFC 5737), so nothing real is ever meant by them.
"""

from __future__ import annotations

__all__ = [
    "API_ADDRESS",
    "FIRST_PUBLIC",
    "INTERNET_ADDRESS",
    "LAST_PUBLIC",
    "OPERATOR_ADDRESS",
    "S3_ADDRESS",
    "VPN_ADDRESS",
    "VPN_CIDR",
]

S3_ADDRESS = "203.0.113.10"
"""Where S3 answers machines; a gateway endpoint leads here and nowhere else."""

API_ADDRESS = "203.0.113.11"
"""Where every other service of AWS answers machines."""

FIRST_PUBLIC = "203.0.113.20"
LAST_PUBLIC = "203.0.113.250"
"""Public addresses of instances and elastic addresses lie between these."""

OPERATOR_ADDRESS = "198.51.100.7"
"""From here the operator reaches public addresses; the address service answers it."""

INTERNET_ADDRESS = "192.0.2.50"
"""From here everybody else does."""

VPN_CIDR = "10.8.0.0/24"
VPN_ADDRESS = "10.8.0.2"
"""Where programs run by ``sandbox exec`` are: in a VPN of the operator's that is attached to the VPC."""
