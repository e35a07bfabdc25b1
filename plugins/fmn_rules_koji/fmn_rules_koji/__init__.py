"""FMN rules and summaries for Koji, the build system."""
