"""Kept inputs as text: one input a line, bytes that are no printable ASCII as escapes (\\n \\r \\t \\\\ \\xHH).

corpus.py unpack FILE FOLDER   writes each input as a file, as libFuzzer wants them
corpus.py pack FOLDER FILE     the other way round
"""
import hashlib
import pathlib
import re
import sys

ESCAPES = {10: "\\n", 13: "\\r", 9: "\\t", 92: "\\\\"}
BYTES = {text[1]: bytes([byte]) for byte, text in ESCAPES.items()}


def escape(data):
    return "".join(
        ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data
    )


def unescape(line):
    def byte(match):
        return bytes.fromhex(match[2].decode()) if match[2] else BYTES[match[1].decode()]

    return re.sub(rb"\\(x(..)|.)", byte, line.encode("ascii"))


def unpack(file, folder):
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        return
    for line in file.read_text("ascii").splitlines():
        data = unescape(line)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(folder, file):
    lines = sorted({escape(path.read_bytes()) for path in folder.iterdir()} - {""})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "ascii")
    print(f"{file}: {len(lines)} inputs")


if __name__ == "__main__":
    command, source, target = sys.argv[1:]
    {"pack": pack, "unpack": unpack}[command](pathlib.Path(source), pathlib.Path(target))
