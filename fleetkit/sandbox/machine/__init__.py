"""A machine's own side: what boots in a root of its own, from its user data and from nothing else.

Stand-ins for Ignition, cloud-init, systemd and docker; real SSH, real etcd, real shell.
What a stand-in does not know it names, and fails where the real one would.
"""
