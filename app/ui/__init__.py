"""The page: Gradio widgets and the text they show."""
