"""Documents -> chunks -> index -> search."""
