# A cluster with a VPC of its own and a bastion: terraform plan -var-file=examples/minimal.tfvars
account_id    = "123456789012"
bucket        = "fleetkit-demo-123456789012-us-west-2"
dns_zone      = "demo.internal"
images        = { flatcar = "ami-0123456789abcdef0", ubuntu = "ami-0fedcba9876543210" }
key_name      = "fleetkit"
name          = "demo"
operator_cidr = "198.51.100.7/32"
region        = "us-west-2"
zones         = ["us-west-2a", "us-west-2b", "us-west-2c"]

masters = {
  etcd1 = { zone = "us-west-2a", address = "10.10.3.100" }
  etcd2 = { zone = "us-west-2b", address = "10.10.4.100" }
  etcd3 = { zone = "us-west-2c", address = "10.10.5.100" }
}

network = {
  create          = true
  cidr            = "10.10.0.0/16"
  public_subnets  = ["10.10.0.0/24", "10.10.1.0/24", "10.10.2.0/24"]
  private_subnets = ["10.10.3.0/24", "10.10.4.0/24", "10.10.5.0/24"]
}

pools = {
  internal = { minimum = 0, maximum = 25, desired = 2, instance_type = "t3.medium", disk_gb = 30 }
  public   = { minimum = 0, maximum = 95, desired = 3, instance_type = "t3.medium", disk_gb = 30 }
}
