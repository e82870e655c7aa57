locals {
  groups = merge(
    {
      master      = "Masters: etcd members and fleet engines"
      internal    = "Workers of the internal pool"
      public      = "Workers of the public pool"
      lb-internal = "Load balancer of the internal web and of SSH"
      lb-public   = "Load balancer of the public web"
      lb-ui       = "Load balancers of FleetUI and etcd-browser"
    },
    var.deploy_host ? { deploy = "The deploy host, while it lives" } : {},
    var.vpn_cidr == null ? { bastion = "The SSH bastion" } : {},
  )
}

# Named once and for ever: another name or description would replace a group that machines wear.
resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-${each.key}", "fleetkit:role" = each.key })
}

# Both ends of a flow, under the flow's name, as one resource each: a rule that is missing has a name.
# What may go to the whole world on a port needs no rule of its own to go to a neighbour on it.
resource "aws_security_group_rule" "in" {
  for_each = { for name, flow in local.flows : name => flow if contains(keys(local.groups), flow.to) }

  type                     = "ingress"
  description              = "${each.key}: ${each.value.why}"
  security_group_id        = aws_security_group.this[each.value.to].id
  protocol                 = "tcp"
  from_port                = local.ports[each.value.port][0]
  to_port                  = local.ports[each.value.port][1]
  self                     = each.value.from == each.value.to ? true : null
  source_security_group_id = each.value.from == each.value.to ? null : try(aws_security_group.this[each.value.from].id, null)
  cidr_blocks              = contains(keys(local.places), each.value.from) ? [local.places[each.value.from]] : null
}

resource "aws_security_group_rule" "out" {
  for_each = {
    for name, flow in local.flows : name => flow
    if contains(keys(local.groups), flow.from) && (flow.to == "world" || !contains(keys(local.flows), "${flow.port}-from-${flow.from}-to-world"))
  }

  type                     = "egress"
  description              = "${each.key}: ${each.value.why}"
  security_group_id        = aws_security_group.this[each.value.from].id
  protocol                 = "tcp"
  from_port                = local.ports[each.value.port][0]
  to_port                  = local.ports[each.value.port][1]
  self                     = each.value.from == each.value.to ? true : null
  source_security_group_id = each.value.from == each.value.to ? null : try(aws_security_group.this[each.value.to].id, null)
  cidr_blocks              = contains(keys(local.places), each.value.to) ? [local.places[each.value.to]] : null
}
