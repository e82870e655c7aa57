variable "bucket" {
  description = "Name of the cluster's bucket, which takes the access logs under logs/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket's name must be 3 to 63 lower-case letters, digits, dots or hyphens."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate of the public web; with one, port 443 listens and port 80 redirects to it. Null: port 80 alone."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "The certificate must be the ARN of an ACM certificate."
  }
}

variable "master_instance_ids" {
  description = "Name of each master to the id of its instance; FleetUI and etcd-browser run on all of them."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.master_instance_ids) > 0
    error_message = "There must be a master."
  }
}

variable "name" {
  description = "The cluster's name; what is made is named after it."
  type        = string
  nullable    = false

  validation {
    condition     = var.name != "internal" && !startswith(var.name, "internal-")
    error_message = "Elastic Load Balancing keeps names that begin with internal- for itself."
  }

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "private_subnet_ids" {
  description = "Ids of the private subnets, one in each zone, for the internal load balancers."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.private_subnet_ids) >= 2 && alltrue([for id in var.private_subnet_ids : startswith(id, "subnet-")])
    error_message = "There must be two subnets or more, and their ids must begin with subnet-."
  }
}

variable "public_subnet_ids" {
  description = "Ids of the public subnets, one in each zone, for the load balancer of the public web."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.public_subnet_ids) >= 2 && alltrue([for id in var.public_subnet_ids : startswith(id, "subnet-")])
    error_message = "There must be two subnets or more, and their ids must begin with subnet-."
  }
}

variable "security_group_ids" {
  description = "Security group of each load balancer: public, internal, and ui for FleetUI and etcd-browser."
  type        = object({ internal = string, public = string, ui = string })
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.security_group_ids) : startswith(id, "sg-")])
    error_message = "The ids of security groups must begin with sg-."
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

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The VPC's id must begin with vpc-."
  }
}
