"""The settings of this plugin."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from fmn_core import Section

from .addresses import sender

#: where SMTP listens, by how the connection is encrypted
PORTS = {"none": 25, "starttls": 587, "tls": 465}


class EmailSettings(Section):
    """``[plugin.email]``.

    :param host: the SMTP server; empty for a mailbox folder ``mail`` in the data folder
    :param port: empty for the usual one: 25, 587 with ``starttls``, 465 with ``tls``
    :param encryption: ``none``, ``starttls`` or ``tls``; a server that cannot is an error, never a downgrade
    :param ca_file: certificates of authorities to trust; empty for those of the system
    :param username: empty for no login
    :param our_name: the name with which we greet the server; empty for the name of this machine
    :param sender: what stands in From; bounces go there too
    :param subject_prefix: stands before each subject, such as ``[fedora]``
    :param templates: a folder whose files take the place of our templates, each by itself; empty for ours
    :param connections: how many connections are open at most, and so how many mails are sent at once
    :param timeout: seconds in which the server must be done with each step
    """

    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    encryption: Literal["none", "starttls", "tls"] = "none"
    ca_file: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    our_name: str = Field(default="", pattern=r"^[A-Za-z0-9.:\[\]-]*$")
    sender: str = "FMN <fmn@localhost>"
    subject_prefix: str = ""
    templates: str = ""
    connections: int = Field(default=8, ge=1, le=50)
    timeout: float = Field(default=30.0, gt=0)

    @field_validator("sender")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        return sender(value)
