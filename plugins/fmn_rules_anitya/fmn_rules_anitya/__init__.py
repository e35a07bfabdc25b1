"""FMN rules and summaries for Anitya, release monitoring."""
