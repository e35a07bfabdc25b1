"""Needs a library that nobody has."""

import fmn_library_that_is_not_there  # noqa: F401 - that it fails is the point
