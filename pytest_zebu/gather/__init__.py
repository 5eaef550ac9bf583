"""How facts are fetched: one batch over ssh, looks from outside at the same time, and the snapshot of it all."""
