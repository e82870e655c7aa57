output "bastion" {
  description = "The bastion's instance id and static public address; null where the way in is a VPN."
  value       = local.is_bastion ? { instance_id = module.bastion[0].instance_id, public_ip = module.bastion[0].public_ip } : null
}

output "etcd_browser" {
  description = "URL of etcd-browser, from inside the VPC."
  value       = "http://${module.load_balancers.load_balancers["etcd_browser"].dns_name}"
}

output "etcd_endpoints" {
  description = "Name of each etcd member to its client URL, from inside the VPC."
  value       = module.etcd.endpoints
}

output "fleet_ui" {
  description = "URL of FleetUI, from inside the VPC."
  value       = "http://${module.load_balancers.load_balancers["fleet_ui"].dns_name}"
}

output "fleetctl_tunnel" {
  description = "Value of FLEETCTL_TUNNEL, from inside the VPC (sshuttle or a VPN), with the machines' key in an ssh-agent."
  value       = "${module.load_balancers.load_balancers["internal_web"].dns_name}:2222"
}

output "internal_web" {
  description = "DNS name of the internal web's load balancer."
  value       = module.load_balancers.load_balancers["internal_web"].dns_name
}

output "load_balancers" {
  description = "Each load balancer (etcd_browser, fleet_ui, internal_web, public_web): ARN, DNS name and type."
  value = {
    for key, balancer in module.load_balancers.load_balancers : key => { arn = balancer.arn, dns_name = balancer.dns_name, type = balancer.type }
  }
}

output "master_instance_ids" {
  description = "Name of each master to the id of its instance."
  value       = module.etcd.instance_ids
}

output "pools" {
  description = "Each worker pool: the name of its autoscaling group and the id of its launch template."
  value       = { for name, pool in module.workers : name => { asg_name = pool.asg_name, launch_template_id = pool.launch_template_id } }
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, in the order of zones."
  value       = local.private_subnet_ids
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, in the order of zones."
  value       = local.public_subnet_ids
}

output "public_web" {
  description = "DNS name of the public web's load balancer."
  value       = module.load_balancers.load_balancers["public_web"].dns_name
}

output "security_groups" {
  description = "Role of a machine or load balancer to the id of its security group."
  value       = module.security.group_ids
}

output "sshuttle" {
  description = "Command that brings the VPC's addresses to your computer through the bastion; null where the way in is a VPN."
  value       = local.is_bastion ? "sshuttle -r ubuntu@${module.bastion[0].public_ip} ${var.network.cidr}" : null
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = local.vpc_id
}

output "zone_id" {
  description = "Id of the private zone."
  value       = module.dns.zone_id
}

output "zone_name" {
  description = "Name of the private zone."
  value       = module.dns.zone_name
}
