"""What the pages share. They may stand in any application: see :class:`mfa.web.host.Host`."""
