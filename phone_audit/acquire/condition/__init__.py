"""The condition of a phone: settings, powers of packages, certificates, files that decide where data goes."""
