variable "ami" {
  description = "Flatcar image of a member that is made or replaced; members that run keep theirs."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.ami, "ami-")
    error_message = "The image's id must begin with ami-."
  }
}

variable "disk_gb" {
  description = "Size of the root volume, in GB; etcd's data lie on it."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.disk_gb >= 10 && floor(var.disk_gb) == var.disk_gb
    error_message = "The root volume must have 10 GB or more, in whole GB."
  }
}

variable "instance_profile" {
  description = "Name of the instance profile, whose role may read the members' files."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.instance_profile) > 0
    error_message = "The instance profile must be named."
  }
}

variable "instance_type" {
  description = "Instance type of a member that is made or replaced; x86_64, because fleet is. Members that run keep theirs."
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

variable "members" {
  description = "Name of each etcd member to where it stands: its static private address, its subnet, and its user data in base64."
  type = map(object({
    address          = string
    subnet_id        = string
    user_data_base64 = string
  }))
  nullable = false

  validation {
    condition     = contains([1, 3, 5, 7], length(var.members))
    error_message = "There must be 1, 3, 5 or 7 members (seen: ${length(var.members)}): an even number tolerates no more failures than the odd one below it."
  }

  validation {
    condition     = length(distinct([for member in var.members : member.address])) == length(var.members)
    error_message = "Two members have the same address."
  }
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
  description = "Id of the masters' security group."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.security_group_id, "sg-")
    error_message = "The security group's id must begin with sg-."
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

variable "termination_protection" {
  description = "Whether EC2 refuses to terminate members; lift it before one is destroyed or replaced."
  type        = bool
  default     = true
  nullable    = false
}
