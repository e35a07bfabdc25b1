"""FMN delivery as server-sent events."""
