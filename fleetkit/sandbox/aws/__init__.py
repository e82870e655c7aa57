"""The emulated AWS itself: moto's server in the daemon's process, mended, seeded and closed to strangers."""
