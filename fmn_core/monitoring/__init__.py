"""Monitoring: metrics and health of a process, served over HTTP. Floor F4; the only home of prometheus-client.

It reads the plain numbers that stages keep, when somebody asks; nothing of it is on the way of a message.
"""

from .serving import Door, monitored, open_door, supervised_by

__all__ = ["Door", "monitored", "open_door", "supervised_by"]
