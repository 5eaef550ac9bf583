"""The carrier, without a host."""
