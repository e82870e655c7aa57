"""Programs that machines run by their path: standard library only, started without ``site``."""
