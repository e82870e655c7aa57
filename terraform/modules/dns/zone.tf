resource "aws_route53_zone" "private" {
  name    = var.zone_name
  comment = "Private names of cluster ${var.name}"
  tags    = merge(var.tags, { Name = var.zone_name })

  # Records that others put into the cluster's own zone go with it.
  force_destroy = true

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "member" {
  for_each = var.members

  zone_id = aws_route53_zone.private.zone_id
  name    = "${each.key}.${var.zone_name}"
  type    = "A"
  ttl     = 300
  records = [each.value]
}

# Where etcd's own clients and members look when they are told a domain only; -ssl says that TLS is spoken.
resource "aws_route53_record" "service" {
  for_each = { client = 2379, server = 2380 }

  zone_id = aws_route53_zone.private.zone_id
  name    = "_etcd-${each.key}-ssl._tcp.${var.zone_name}"
  type    = "SRV"
  ttl     = 300
  records = [for member in keys(var.members) : "0 0 ${each.value} ${member}.${var.zone_name}"]
}

resource "aws_route53_record" "load_balancer" {
  for_each = var.load_balancers

  zone_id = aws_route53_zone.private.zone_id
  name    = "${each.key}.${var.zone_name}"
  type    = "A"

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = false
  }
}
