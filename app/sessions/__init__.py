"""Sessions as append-only events: the events, their fold, and the store."""
