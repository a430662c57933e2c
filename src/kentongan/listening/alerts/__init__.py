"""Alerts: what is talked about far more than at this hour of other days, who is told, whether that was of use."""
