"""Bench: measures the parts that must be fast, on made-up people, ownership and traffic like the real ones. Floor F4."""
