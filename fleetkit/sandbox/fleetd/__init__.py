"""What a machine of the sandbox runs as fleet: an emulator that answers as fleet v1.0.0 was recorded to answer.

It is configured as fleetd is (``FLEET_*``), listens where systemd's socket lets it, and keeps its state in the
cluster's own etcd, over the v2 API and mutual TLS, in fleet's layout of keys.
It registers its machine, takes part in electing the engine's leader, places units and moves them when a machine goes,
and has the machine's init run what was placed on it. Told to end, it stops and unloads its units; killed, it leaves
them alone, and takes them up again when it is started.
With ``--listen`` it runs alone, against any etcd, and runs units as programs of its own.

What it does was measured, and its tests replay every recorded exchange. ``Replaces`` was not recorded, and follows
fleet's documentation. What is not played: a template that was launched by mistake, which makes an agent of fleet's
unable to read its work.
Standard library only, because it runs inside machines.
"""
