# What a machine is told at its first boot: its units, and where to fetch the rest.
# Nothing here is secret, and for a master nothing here ever varies: what varies is an object in the bucket.

locals {
  pointer = <<-EOT
    FLEETKIT_BUCKET=${var.bucket}
    FLEETKIT_REGION=${var.region}
    FLEETKIT_MANIFEST=${var.manifest}
  EOT

  fetch_script = file("${path.module}/files/fleetkit-fetch.sh")

  # The bastion is Ubuntu, where cloud-init runs a script; everything else is Flatcar, where Ignition reads JSON.
  text = var.role == "bastion" ? local.bastion_script : jsonencode(local.ignition)

  bastion_script = templatefile("${path.module}/templates/bastion.sh.tftpl", {
    fetch_script = local.fetch_script
    pointer      = local.pointer
    sshd_config  = file("${path.module}/files/bastion-sshd.conf")
  })
}
