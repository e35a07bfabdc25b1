"""Two plugins that the configuration could not tell apart."""
