"""Thinks that it is a script."""

import sys

sys.exit(3)
