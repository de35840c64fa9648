# SPDX-License-Identifier: ISC
"""The messages of the load programs, written again (message.c), to judge what
a server made of them where no answer tells."""

HEADER = 18
_SHIFTS = 256
_FILL = bytes(33 + i * 7 % 94 for i in range(65536))


def message(size, number, flow=0):
    """The bytes of one message of text; not for sizes below HEADER."""
    shift = (flow * 5 + number) % _SHIFTS
    return b"%08x %08x " % (flow, number) + \
        _FILL[shift + HEADER:shift + size]


def escaped(data):
    """As a bucket's raw record: of printing text, only \\ is escaped."""
    return data.replace(b"\\", b"\\\\")
