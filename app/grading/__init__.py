"""From an answer to verdicts with quotes, and from verdicts to levels."""
