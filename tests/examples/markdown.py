"""The fenced blocks of a Markdown file that a comment marks: <!-- KIND: ARGUMENT --> on the line before the fence."""
import re


class Block:
    def __init__(self, line, kind, argument, language, text):
        self.line, self.kind, self.argument, self.language, self.text = line, kind, argument, language, text


def marked_blocks(path):
    found = re.finditer(r"^<!-- (\w+)(?:: ([^>]*?))? -->\n```(\w+)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    text = path.read_text(encoding="utf-8")
    return [Block(text.count("\n", 0, m.start()) + 1, m[1], m[2] or "", m[3], m[4]) for m in found]
