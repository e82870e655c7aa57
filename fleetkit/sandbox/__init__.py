"""An AWS on this computer: real Terraform against an emulated AWS whose machines really boot.

Nothing but the command line and the tests imports this room, and it imports no other but core.
"""
