"""Fixtures for tests of plugins. Floor F4."""
