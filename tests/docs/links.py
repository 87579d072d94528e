"""links.py ROOT: every link between the project's documents leads to a file and a heading."""

import os
import re
import subprocess
import sys


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def read(path):
    with open(path, encoding="utf-8") as file:
        return without_code(file.read())


def anchors(path):
    """Headings as the usual viewers name them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", read(path), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-"))
    return found


def problems(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
        if not os.path.exists(target):
            yield f"{path}: {link}: there is no such file"
        elif anchor and target.endswith(".md") and anchor not in anchors(target):
            yield f"{path}: {link}: there is no such heading"


os.chdir(sys.argv[1])
documents = subprocess.check_output(["git", "ls-files", "*.md"], text=True).split()
bad = [problem for document in documents for problem in problems(document)]
print("\n".join(bad) if bad else f"{len(documents)} documents, all links lead somewhere")
sys.exit(1 if bad else 0)
