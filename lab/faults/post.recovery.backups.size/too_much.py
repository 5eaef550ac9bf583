"""Dumps are to be kept for so long that the disk does not hold them."""

flips: set[str] = {"post.recovery.backups.size"}
touches: set[str] = {"dumps"}
settings: tuple[tuple[str, str], ...] = (("retention_days = 7", "retention_days = 3000000"),)
