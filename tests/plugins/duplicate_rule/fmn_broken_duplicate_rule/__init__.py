"""Two plugins that both want one rule identifier."""
