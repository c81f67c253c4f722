"""Schemes of URLs."""

from typing import Final

CLEARTEXT_SCHEMES: Final = frozenset(
    (
        "http", "ws", "ftp", "telnet", "mqtt", "amqp", "xmpp", "rtsp", "rtmp", "rtp", "mms", "tcp", "udp", "smtp",
        "imap", "pop3", "ldap", "irc", "socks", "socksh", "socks4", "socks4h", "socks5", "socks5h", "coap", "nats",
        "redis", "mysql", "postgres", "postgresql", "mongodb", "git", "svn", "rsync", "smb", "nfs", "stun", "turn",
        "grpc", "webcal", "nntp", "news", "gopher",
    )
)  # fmt: skip
"""Those that encrypt nothing by themselves. What is sent over them may still be encrypted by the code, or both sides
may agree to encrypt later."""
