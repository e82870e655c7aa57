"""What a machine of the sandbox runs as fleet: an emulator that answers as fleet v1.0.0 was recorded to answer.

It is configured as fleetd is (``FLEET_*``), listens where systemd's socket lets it, and keeps its state in the
cluster's own etcd, over the v2 API and mutual TLS, in fleet's layout of keys.
It registers its machine and takes part in electing the engine's leader.
It schedules and runs no units: a request that would store one is refused with status 501, which fleet never gives.
What another wrote of units on its machine it takes back when it is told to end, and leaves alone when it is killed.
Standard library only, because it runs inside machines.
"""
