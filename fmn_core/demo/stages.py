"""The stages at work behind the play: worker and deliveries in threads, the consumer in the thread of the play. F4."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from fmn_core.app import Application
from fmn_core.model import Message
from fmn_core.runner import Stage
from fmn_core.transport.base import ARCHIVE, MESSAGES, Transport, deliveries


class LiveStages:
    """See :class:`fmn_core.demo.play.Stages`.

    :param transport: belongs to the thread of the play
    """

    def __init__(self, app: Application, transport: Transport) -> None:
        self._consumer, self._transport, self._waiting = app.consumer(), transport, app.store.waiting
        self._queues = [MESSAGES, ARCHIVE, *map(deliveries, app.registry.backends)]

    def read(self, messages: Sequence[Message]) -> None:
        """Give messages to the consumer."""
        self._consumer.handle(self._transport, messages)

    def waiting(self) -> int:
        """Return how many messages nobody has matched yet."""
        return self._transport.depth(MESSAGES)

    def idle(self) -> bool:
        """Tell whether nothing is on its way any more, asked in the direction of the flow."""
        return not any(self._transport.depth(queue) for queue in self._queues) and not self._waiting.moving()


@contextmanager
def running(app: Application) -> Iterator[LiveStages]:
    """Run worker and deliveries as ``fmn run`` does, until the block is left."""
    stages: list[Stage] = [app.worker(), *app.archivists(), *app.deliveries()]
    runner = app.runner(stages)
    thread = threading.Thread(target=runner.run, name="stages")
    with closing(app.transport()) as transport:
        thread.start()
        try:
            yield LiveStages(app, transport)
        finally:
            runner.stop()
            thread.join()
            for stage in stages:
                stage.close()
