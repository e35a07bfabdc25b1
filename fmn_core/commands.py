"""Names of the commands that ``fmn`` has of its own, which no plugin can take, and how to call one. Floor F0."""

import sys

COMMANDS = (
    "archive", "bench", "broker", "check", "consumer", "db", "dead", "deliver", "demo", "describe", "destination",
    "digest", "explain", "ledger", "match", "mute", "plugins", "replay", "rules", "run", "try", "user", "web", "worker",
)  # fmt: skip

#: how a command is called without relying on what is on the path, nor on what lies in the folder it is called in
FMN = (sys.executable, "-P", "-c", "from fmn_core.cli import main; main()")
