"""All reads of insights; `reach` is what the wall shows."""

from kentongan.insights.queries.periods import Period, last_days
from kentongan.insights.queries.reach import Reach, Sums, by_account, by_day, by_item, by_platform, by_unit, reach

__all__ = ["Period", "Reach", "Sums", "by_account", "by_day", "by_item", "by_platform", "by_unit", "last_days", "reach"]
