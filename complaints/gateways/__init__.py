"""The outside world of complaints: the sealed files on the disk, the virus scanner."""
