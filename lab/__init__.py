"""A whole Zebu production deployment in a box, and the faults that break it."""
