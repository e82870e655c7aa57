# One instance and one static address for each member, and never an autoscaling group:
# a quorum counts its members by name, and a stranger in a member's place is no member.

resource "aws_instance" "member" {
  for_each = var.members

  ami                     = var.ami
  instance_type           = var.instance_type
  key_name                = var.key_name
  subnet_id               = each.value.subnet_id
  private_ip              = each.value.address
  vpc_security_group_ids  = [var.security_group_id]
  iam_instance_profile    = var.instance_profile
  user_data_base64        = each.value.user_data_base64
  disable_api_termination = var.termination_protection
  tags                    = merge(var.tags, { Name = "${var.name}-${each.key}", "fleetkit:member" = each.key, "fleetkit:role" = "master" })

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    volume_size = var.disk_gb
    volume_type = "gp3"
    tags        = merge(var.tags, { Name = "${var.name}-${each.key}", "fleetkit:member" = each.key, "fleetkit:role" = "master" })
  }

  lifecycle {
    # A change of any of these replaces or stops an instance, and it would do so to all members at once.
    # They reach a member when it is replaced, one at a time: terraform apply -replace='module.etcd.aws_instance.member["etcd1"]'.
    ignore_changes = [ami, ebs_optimized, instance_type, key_name, user_data, user_data_base64]
  }
}
