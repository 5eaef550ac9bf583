"""The proofs, on the live lab."""
