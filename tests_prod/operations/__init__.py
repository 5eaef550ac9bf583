"""Ongoing Operations: recurring tasks."""
