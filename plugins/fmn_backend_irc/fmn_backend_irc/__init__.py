"""FMN delivery by IRC."""
