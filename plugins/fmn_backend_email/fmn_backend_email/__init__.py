"""FMN delivery by email."""
