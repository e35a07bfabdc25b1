"""Names of the commands that ``fmn`` has of its own, which no plugin can take. Floor F0."""

COMMANDS = (
    "bench", "check", "consumer", "db", "dead", "deliver", "demo", "describe", "explain", "match", "plugins",
    "replay", "rules", "run", "try", "user", "web", "worker",
)  # fmt: skip
