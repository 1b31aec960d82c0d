"""The gateway's wire, sans-IO: requests out, answers in, one module per gateway page.

Nothing here is asynchronous, knows a clock, logs, or touches a socket. Sources cited:
*instruction*, the provider's instruction for voice messages (sections 2 to 4), and *API pages*,
the provider's public API reference. Where they differ the instruction wins.
"""
