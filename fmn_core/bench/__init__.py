"""Bench: measures the parts that must be fast, on people, ownership and traffic made up after the real ones. Floor F4."""
