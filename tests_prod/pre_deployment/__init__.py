"""The suite: one short judgement per item of the checklist."""
