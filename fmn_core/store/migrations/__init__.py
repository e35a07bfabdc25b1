"""Alembic's migrations of the store, part of the package so that an installed one can upgrade. Floor F2."""
