"""The demo: a throw-away instance whose whole way, from message to person, can be watched and checked. Floor F4."""
