"""The terminal face: what each command prints."""
