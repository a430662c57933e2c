"""Real servers for the tests, each on a free port of loopback, ended with its whole process group."""
