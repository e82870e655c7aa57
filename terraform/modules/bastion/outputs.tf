output "instance_id" {
  description = "Id of the bastion's instance."
  value       = aws_instance.this.id
}

output "public_ip" {
  description = "The bastion's static public address."
  value       = aws_eip.this.public_ip
}
