"""Events of the gateway: proven, read, and handed on."""
