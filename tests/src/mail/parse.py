"""Reads a mail as Python's standard library does, and prints what a suite asks about, as JSON."""

import json
import sys
from email import policy
from email.parser import BytesParser

with open(sys.argv[1], "rb") as file:
    raw = file.read()
mail = BytesParser(policy=policy.default).parsebytes(raw)
# What servers put before it is theirs.
own = raw[raw.index(b"\nFrom: ") :]
parts = [part for part in mail.walk() if not part.is_multipart()]
headers = {}
for name, value in mail.items():
    headers.setdefault(name.lower(), []).append(str(value))
print(
    json.dumps(
        {
            "headers": headers,
            "type": mail.get_content_type(),
            "defects": [repr(defect) for part in mail.walk() for defect in part.defects],
            "is_ascii": raw.isascii(),
            "longest_line": max(own.splitlines(), key=len).decode(),
            "parts": [
                {
                    "type": part.get_content_type(),
                    "charset": part.get_content_charset(),
                    "text": part.get_content(),
                }
                for part in parts
            ],
        }
    )
)
