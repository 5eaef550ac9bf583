"""Reports, without a run."""
