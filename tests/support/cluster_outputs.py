"""What a deployed cluster tells its users, as an apply would have left it."""

from __future__ import annotations

from fleetkit.workflows import ClusterOutputs

__all__ = ["ENDPOINTS", "PAGES", "TOLD"]

PAGES = {
    "etcd_browser": "http://internal-demo-etcd-browser.elb.example",
    "fleet_ui": "http://internal-demo-fleet-ui.elb.example",
    "fleetctl_tunnel": "internal-demo.elb.example:2222",
    "internal_web": "internal-demo.elb.example",
    "public_web": "demo-public.elb.example",
    "zone_name": "demo.internal",
}
ENDPOINTS = {"etcd1": "https://10.10.3.100:2379", "etcd2": "https://10.10.4.100:2379"}
TOLD = ClusterOutputs(
    cluster="demo",
    public_web_resolves=True,
    **PAGES,
    etcd_endpoints=ENDPOINTS,
    sshuttle="sshuttle --remote ubuntu@203.0.113.9 10.10.0.0/16",
    fleetctl_known_host="[internal-demo.elb.example]:2222 ssh-ed25519 AAAA",
    resources={"vpc_id": "vpc-1"},
)
