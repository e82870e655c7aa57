# Five masters in a VPC that exists, reached through its VPN; the public web is encrypted.
access          = "vpn"
account_id      = "123456789012"
bucket          = "fleetkit-prod-123456789012-eu-west-1"
certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-4444-8888-123456789012"
dns_zone        = "prod.internal"
images          = { flatcar = "ami-0123456789abcdef0", ubuntu = "" }
key_name        = "fleetkit"
name            = "prod"
operator_cidr   = "198.51.100.7/32"
region          = "eu-west-1"
tags            = { team = "platform", cost-center = "4711" }
vpn_cidr        = "172.16.0.0/22"
zones           = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]

masters = {
  etcd1 = { zone = "eu-west-1a", address = "10.20.3.100" }
  etcd2 = { zone = "eu-west-1b", address = "10.20.4.100" }
  etcd3 = { zone = "eu-west-1c", address = "10.20.5.100" }
  etcd4 = { zone = "eu-west-1a", address = "10.20.3.101" }
  etcd5 = { zone = "eu-west-1b", address = "10.20.4.101" }
}

network = {
  create             = false
  cidr               = "10.20.0.0/16"
  vpc_id             = "vpc-0123456789abcdef0"
  public_subnet_ids  = ["subnet-0a0000000000000a1", "subnet-0a0000000000000a2", "subnet-0a0000000000000a3"]
  private_subnet_ids = ["subnet-0b0000000000000b1", "subnet-0b0000000000000b2", "subnet-0b0000000000000b3"]
}

pools = {
  internal = { minimum = 1, maximum = 10, desired = 3, instance_type = "m5.large", disk_gb = 60 }
  public   = { minimum = 2, maximum = 20, desired = 4, instance_type = "m5.large", disk_gb = 60 }
}
