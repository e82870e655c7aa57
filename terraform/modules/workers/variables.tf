variable "ami" {
  description = "Flatcar image of the workers; another one makes the machines that come from then on."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.ami, "ami-")
    error_message = "The image's id must begin with ami-."
  }
}

variable "bounds" {
  description = "How few and how many workers there may be, and how many are wanted."
  type        = object({ minimum = number, maximum = number, desired = number })
  nullable    = false

  validation {
    condition     = var.bounds.minimum >= 0 && var.bounds.minimum <= var.bounds.desired && var.bounds.desired <= var.bounds.maximum
    error_message = "The bounds must obey 0 <= minimum <= desired <= maximum."
  }
}

variable "disk_gb" {
  description = "Size of a worker's root volume, in GB."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.disk_gb >= 10 && floor(var.disk_gb) == var.disk_gb
    error_message = "The root volume must have 10 GB or more, in whole GB."
  }
}

variable "instance_profile" {
  description = "Name of the instance profile, whose role may read the pool's files."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.instance_profile) > 0
    error_message = "The instance profile must be named."
  }
}

variable "instance_type" {
  description = "Instance type of the workers; x86_64, because fleet is."
  type        = string
  default     = "t3.medium"
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

variable "name" {
  description = "The cluster's name; what is made is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "pool" {
  description = "The pool's name, such as internal or public."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,9}$", var.pool))
    error_message = "The pool's name must be 2 to 10 lower-case letters, digits and hyphens."
  }
}

variable "security_group_id" {
  description = "Id of the pool's security group."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.security_group_id, "sg-")
    error_message = "The security group's id must begin with sg-."
  }
}

variable "subnet_ids" {
  description = "Ids of the subnets, one in each zone, over which the workers are spread."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 1 && alltrue([for id in var.subnet_ids : startswith(id, "subnet-")])
    error_message = "There must be one subnet or more, and their ids must begin with subnet-."
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

variable "target_group_arns" {
  description = "ARNs of the target groups that every worker joins."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.target_group_arns : startswith(arn, "arn:")])
    error_message = "A target group is named by its ARN."
  }
}

variable "user_data_base64" {
  description = "The workers' user data in base64."
  type        = string
  nullable    = false

  validation {
    condition     = can(base64decode(var.user_data_base64))
    error_message = "The user data must be base64 encoded."
  }
}
