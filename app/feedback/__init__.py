"""What a candidate is shown afterwards: report, transcript, progress, exports, a new grading."""
