variable "ami" {
  description = "Flatcar image of the deploy host."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.ami, "ami-")
    error_message = "The image's id must begin with ami-."
  }
}

variable "bucket" {
  description = "Name of the cluster's bucket, in which the host marks that its work is done."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket's name must be 3 to 63 lower-case letters, digits, dots or hyphens."
  }
}

variable "disk_gb" {
  description = "Size of the deploy host's root volume, in GB."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.disk_gb >= 10 && floor(var.disk_gb) == var.disk_gb
    error_message = "The root volume must have 10 GB or more, in whole GB."
  }
}

variable "instance_profile" {
  description = "Name of the instance profile, whose role may read the deploy host's files."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.instance_profile) > 0
    error_message = "The instance profile must be named."
  }
}

variable "instance_type" {
  description = "Instance type of the deploy host."
  type        = string
  default     = "t3.small"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_type))
    error_message = "The instance type must look like t3.small."
  }
}

variable "key_name" {
  description = "Name of the EC2 key pair whose public key user core accepts."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.key_name) > 0
    error_message = "The key pair must be named."
  }
}

variable "look_for_mark" {
  description = "Whether to look for the mark that the host leaves; false while the bucket is not there, where the look would fail."
  type        = bool
  default     = true
  nullable    = false
}

variable "name" {
  description = "The cluster's name; what is made is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "security_group_id" {
  description = "Id of the deploy host's security group."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.security_group_id, "sg-")
    error_message = "The security group's id must begin with sg-."
  }
}

variable "subnet_id" {
  description = "Id of the private subnet in which the deploy host stands."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.subnet_id, "subnet-")
    error_message = "The subnet's id must begin with subnet-."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "Tags that begin with aws: are Amazon's own."
  }
}

variable "user_data_base64" {
  description = "The deploy host's user data in base64."
  type        = string
  nullable    = false

  validation {
    condition     = can(base64decode(var.user_data_base64))
    error_message = "The user data must be base64 encoded."
  }
}
