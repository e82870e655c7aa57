output "machine_subnet_ids" {
  description = "Ids of the private subnets, in the order of zones; known once machines in them have a way out."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]

  depends_on = [aws_route.nat, aws_route_table_association.private, aws_vpc_endpoint.s3]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, in the order of zones; known at once, for what needs no way out."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, in the order of zones; known once they lead to the internet."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]

  depends_on = [aws_route.internet, aws_route_table_association.public]
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
