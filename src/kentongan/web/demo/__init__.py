"""The demo organisation: Diskominfo Kabupaten Bekasi, invented people at real places, loaded through the actions."""

from kentongan.web.demo.cast import PASSWORD, Login, cast
from kentongan.web.demo.loading import Report, Status, load, reset, status

__all__ = ["PASSWORD", "Login", "Report", "Status", "cast", "load", "reset", "status"]
