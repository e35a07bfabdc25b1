"""The web pages of FMN."""
