variable "bucket" {
  description = "Name of the cluster's bucket, from which machines fetch their files."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket's name must be 3 to 63 lower-case letters, digits, dots or hyphens."
  }
}

variable "manifest" {
  description = "Key of the machine's manifest in the bucket, such as roles/master/etcd1/manifest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^roles/[A-Za-z0-9._/-]+/manifest$", var.manifest))
    error_message = "The manifest's key must look like roles/<role>/manifest, in letters, digits and ._/- only: the shell on the machine reads it."
  }
}

variable "reboot_window" {
  description = "When a worker may reboot into an update: start (HH:MM, UTC, or with a weekday before it) and length. Null: never by itself."
  type        = object({ start = string, length = string })
  default     = null

  validation {
    condition = var.reboot_window == null || alltrue([
      can(regex("^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01][0-9]|2[0-3]):[0-5][0-9]$", try(var.reboot_window.start, ""))),
      can(regex("^[0-9]+(h|m)([0-9]+m)?$", try(var.reboot_window.length, ""))),
    ])
    error_message = "The window's start must look like 04:00 or Sun 04:00, its length like 1h, 90m or 1h30m."
  }
}

variable "region" {
  description = "The bucket's region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must look like us-west-2."
  }
}

variable "role" {
  description = "What the machine is: master, internal, public, deploy or bastion."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["master", "internal", "public", "deploy", "bastion"], var.role)
    error_message = "The role must be master, internal, public, deploy or bastion."
  }
}
