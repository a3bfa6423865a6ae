"""How good search and grading are, measured; nothing here is needed to run."""
