"""What the sandbox makes of what it observes: values in, values out, no I/O.

An observation of the emulated AWS goes in; which machines there are to be, what traffic passes between them and under
which names they know each other comes out.
"""

from fleetkit.sandbox.world.addresses import (
    API_ADDRESS,
    INTERNET_ADDRESS,
    OPERATOR_ADDRESS,
    S3_ADDRESS,
    VPN_ADDRESS,
    VPN_CIDR,
)
from fleetkit.sandbox.world.names import aws_names, private_names
from fleetkit.sandbox.world.observation import (
    Balancer,
    GroupRule,
    HealthCheck,
    Instance,
    Listener,
    Observation,
    Record,
    Route,
    SecurityGroup,
    Subnet,
    TargetGroup,
    Zone,
)
from fleetkit.sandbox.world.routes import reaches_internet, reaches_s3
from fleetkit.sandbox.world.rules import derive_rules

__all__ = [
    "API_ADDRESS",
    "INTERNET_ADDRESS",
    "OPERATOR_ADDRESS",
    "S3_ADDRESS",
    "VPN_ADDRESS",
    "VPN_CIDR",
    "Balancer",
    "GroupRule",
    "HealthCheck",
    "Instance",
    "Listener",
    "Observation",
    "Record",
    "Route",
    "SecurityGroup",
    "Subnet",
    "TargetGroup",
    "Zone",
    "aws_names",
    "derive_rules",
    "private_names",
    "reaches_internet",
    "reaches_s3",
]
