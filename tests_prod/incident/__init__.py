"""Incident Response: the records of incidents."""
