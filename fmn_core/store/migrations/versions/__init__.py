"""One file for each version of the schema, oldest first by name. Floor F2."""
