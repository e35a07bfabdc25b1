"""The shelf: where the last answers of each source lie, for all processes. Floor F2; others know only its base."""

from __future__ import annotations

from fmn_core.config import Settings

from .base import Shelf


def open_shelf(settings: Settings) -> Shelf:
    """Open the shelf of a configuration: in Redis if it names one, else in files. Nothing is connected yet."""
    if settings.redis.url:
        from .in_redis import RedisShelf

        return RedisShelf(settings.redis.url)
    from .in_files import FileShelf

    return FileShelf(settings.data_dir / "lookups")
