"""Two plugins, as objects of one module, that both want one backend name."""

from fmn_core import Backend, hookimpl


class Pigeon(Backend):
    name = "pigeon"
    title = "Pigeon"

    def deliver(self, notification):
        pass


class Loft:
    @hookimpl
    def fmn_register_backends(self):
        return [Pigeon()]


FIRST, SECOND = Loft(), Loft()
