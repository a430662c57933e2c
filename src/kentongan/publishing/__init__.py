"""Publishing: deliveries, attempts, reconciliation, the ledger."""
