"""FMN rules and summaries for pkgdb, the package database."""
