"""A mock interviewer for AIOps architects: interview, grading, replay."""
