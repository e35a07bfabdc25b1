"""Expects what is not so."""

WEEK = ("Monday", "Tuesday")

assert len(WEEK) == 7, "a week has seven days"
