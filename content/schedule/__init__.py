"""When something holds: windows of the day with names, exceptions and holidays, in a time zone. Pure; docs/schedules.md."""

from content.schedule.hours import changes, is_on, next_change
from content.schedule.records import (
    ALL_DAY,
    Daypart,
    Holidays,
    Hours,
    SpecialDay,
    Window,
    hours_of,
)

__all__ = [
    "ALL_DAY", "Daypart", "Holidays", "Hours", "SpecialDay", "Window", "changes", "hours_of", "is_on", "next_change",
]  # fmt: skip
