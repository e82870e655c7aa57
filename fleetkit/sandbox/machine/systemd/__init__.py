"""A small stand-in for systemd: reads the same unit files, and runs the real programs that they name.

It acts on what fleetkit's machines use, and names in the log of the unit each setting that it does not act on.
There are no control groups: the processes of a service are known by the session that they were started in
and by the invocation id in their environment.
"""
