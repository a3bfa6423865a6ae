"""Every domain value, free of input and output: content, assessment and session."""
