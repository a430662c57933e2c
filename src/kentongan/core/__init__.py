"""What every room stands on: users, errors, audit, files, jobs, imports, messages, API basics."""
