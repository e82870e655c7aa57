output "group_ids" {
  description = "Role of a machine or load balancer to the id of its security group; known once all rules are in force."
  value       = { for role, group in aws_security_group.this : role => group.id }

  depends_on = [aws_security_group_rule.in, aws_security_group_rule.out]
}

output "instance_profiles" {
  description = "Role of a machine to the name of its instance profile; known once the role may read what it needs."
  value       = { for role, profile in aws_iam_instance_profile.this : role => profile.name }

  depends_on = [aws_iam_role_policy.leave_mark, aws_iam_role_policy.read_own_files]
}

output "load_balancer_group_ids" {
  description = "The security groups of load balancers (internal, public, ui); known at once, as balancers take minutes and need no rule to begin."
  value       = { for balancer in ["internal", "public", "ui"] : balancer => aws_security_group.this["lb-${balancer}"].id }
}
