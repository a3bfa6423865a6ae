"""The interview itself: one loop for the page, the terminal, the evaluations and the tests."""
