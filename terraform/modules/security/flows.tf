# Who speaks to whom, on which port, and why: each flow becomes the rule that lets it out of one group and into the other.
# Reasons become descriptions of rules, in which Amazon allows no apostrophe.
# Name resolution, time and instance metadata need no rule: security groups do not filter Amazon's own addresses in the VPC.

locals {
  way_in  = var.vpn_cidr == null ? "bastion" : "vpn"
  pools   = ["internal", "public"]
  deploy  = var.deploy_host ? ["deploy"] : []
  bastion = var.vpn_cidr == null ? ["bastion"] : []
  fleet   = concat(["master"], local.pools, local.deploy)

  # Places that are not groups.
  places = { operator = var.operator_cidr, vpn = var.vpn_cidr, world = "0.0.0.0/0" }

  flow_list = concat(
    [
      { from = "master", to = "master", port = "etcd-peer", why = "etcd members speak to each other" },
      { from = "world", to = "lb-public", port = "http", why = "the public web" },
      { from = "lb-public", to = "public", port = "http", why = "the public web to the proxies of the pool, and their health checks" },
      { from = "lb-internal", to = "internal", port = "http", why = "the internal web to the proxies of the pool, and their health checks" },
      { from = "lb-internal", to = "internal", port = "ssh", why = "SSH behind port 2222 of the internal load balancer" },
      { from = "lb-ui", to = "master", port = "fleet-ui", why = "FleetUI and its health checks" },
      { from = "lb-ui", to = "master", port = "etcd-browser", why = "etcd-browser and its health checks" },
      { from = local.way_in, to = "master", port = "etcd-client", why = "the operator reads and mends etcd" },
      { from = local.way_in, to = "lb-internal", port = "http", why = "the operator looks at internal services" },
      { from = local.way_in, to = "lb-internal", port = "ssh-alternate", why = "the tunnel of fleetctl" },
      { from = local.way_in, to = "lb-ui", port = "http", why = "the operator looks at FleetUI and etcd-browser" },
    ],
    var.https ? [{ from = "world", to = "lb-public", port = "https", why = "the public web, encrypted" }] : [],
    [for role in local.fleet : { from = role, to = "master", port = "etcd-client", why = "fleet keeps its state in etcd" }],
    [for role in local.fleet : { from = local.way_in, to = role, port = "ssh", why = "the operator reaches the machine and its fleet socket" }],
    [for role in concat(local.fleet, local.bastion) : { from = role, to = "world", port = "https", why = "the bucket, image registries, updates" }],
    [for role in local.bastion : { from = "operator", to = role, port = "ssh", why = "the operator, and nobody else" }],
    [for role in local.bastion : { from = role, to = "world", port = "http", why = "signed packages from the Ubuntu archive" }],
    [for role in local.pools : { from = role, to = "lb-internal", port = "http", why = "services call internal services" }],
    [for pair in setproduct(local.pools, local.pools) : {
      from = pair[0], to = pair[1], port = "published", why = "proxies reach the ports that Docker publishes at random"
    }],
  )

  ports = {
    etcd-browser  = [8000, 8000]
    etcd-client   = [2379, 2379]
    etcd-peer     = [2380, 2380]
    fleet-ui      = [3000, 3000]
    http          = [80, 80]
    https         = [443, 443]
    published     = [32768, 61000]
    ssh           = [22, 22]
    ssh-alternate = [2222, 2222]
  }

  flows = { for flow in local.flow_list : "${flow.port}-from-${flow.from}-to-${flow.to}" => flow }
}
