output "base64" {
  description = "The user data, base64 encoded as EC2 takes it."
  value       = base64encode(local.text)

  precondition {
    # 16384 bytes, which are 21848 characters in base64; length() alone counts characters, not bytes.
    condition     = length(base64encode(local.text)) <= 21848
    error_message = "The user data of role ${var.role} is longer than the 16384 bytes that EC2 takes."
  }
}

output "text" {
  description = "The user data as the machine sees it: Ignition 3.3 as JSON for Flatcar, a shell script for the bastion."
  value       = local.text
}
