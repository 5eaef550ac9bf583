"""Post-Deployment: what keeps a deployment well after the first day."""
