"""Has nothing that is called plugin."""
