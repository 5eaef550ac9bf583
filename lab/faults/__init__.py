"""The faults, one module per group of the checklist: what breaks an item stands beside what breaks its neighbours."""
