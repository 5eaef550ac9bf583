"""The lab, as far as it can be tried without booting it."""
