"""Bench: measures the parts that must be fast, on people and traffic like the real ones. Floor F4."""
