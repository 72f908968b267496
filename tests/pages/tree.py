"""A page as a tree, as a browser would build it of well-formed HTML."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"meta", "input", "img"}


class Node:
    """An element. children: elements and texts, in order."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node | str] = []

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def find(self, tag: str, **attributes: str) -> list["Node"]:
        """All elements of this tag whose attributes hold these words; class_ is class."""
        wanted = {name.rstrip("_"): word for name, word in attributes.items()}
        return [
            node
            for node in self.walk()
            if node.tag == tag
            and all(
                word in (node.attributes.get(name) or "").split() for name, word in wanted.items()
            )
        ]

    def text(self, *, without: frozenset[str] = frozenset()) -> str:
        """What it reads; `without` leaves out elements of these tags."""
        parts = (
            child if isinstance(child, str) else child.text(without=without)
            for child in self.children
            if isinstance(child, str) or child.tag not in without
        )
        return "".join(parts)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("", {})]

    def handle_starttag(self, tag, attrs) -> None:
        assert len(dict(attrs)) == len(attrs), "an attribute twice"
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data) -> None:
        self.open[-1].children.append(data)


def parse(source: str) -> Node:
    builder = _Builder()
    builder.feed(source)
    builder.close()
    (root,) = builder.open
    return root
