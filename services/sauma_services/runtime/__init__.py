"""The runtime of the services: ports of the log, the embedded log, the loop, and what each process needs."""
