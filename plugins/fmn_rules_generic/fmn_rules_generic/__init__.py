"""FMN rules that serve every application, and ownership from files."""
