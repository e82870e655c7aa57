output "load_balancers" {
  description = "Each load balancer (etcd_browser, fleet_ui, internal_web, public_web): ARN, DNS name, hosted zone and type."
  value = {
    for key, balancer in merge(aws_lb.ui, { internal_web = aws_lb.internal_web, public_web = aws_lb.public_web }) : key => {
      arn      = balancer.arn
      dns_name = balancer.dns_name
      type     = balancer.load_balancer_type
      zone_id  = balancer.zone_id
    }
  }
}

output "pool_target_group_arns" {
  description = "Each pool to the ARNs of the target groups that its workers join."
  value = {
    internal = [aws_lb_target_group.internal_web.arn, aws_lb_target_group.ssh.arn]
    public   = [aws_lb_target_group.public_web.arn]
  }
}
