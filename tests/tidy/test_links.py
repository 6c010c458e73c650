"""Every reference to a file of the project leads somewhere."""

import re
from pathlib import PurePosixPath

from repository import ROOT, project_files, read

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MENTION = re.compile(r"(?<![\w./-])((?:docs|capi)/[\w/]+\.(?:md|json))\b")

PAGES = [name for name in project_files() if name.endswith(".md")]


def anchors_of(page: str) -> set[str]:
    """The fragments that a page's headings can be linked by, as GitHub makes them."""
    headings = _HEADING.findall(_CODE_BLOCK.sub("", read(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def resolve(page: str, target: str) -> PurePosixPath:
    path = PurePosixPath(page).parent / target
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def is_broken(page: str, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return False
    target, _, fragment = link.partition("#")
    path = str(resolve(page, target)) if target else page
    if not (ROOT / path).exists():
        return True
    return bool(fragment) and fragment not in anchors_of(path)


def test_links_of_pages_resolve():
    links = [(page, link) for page in PAGES for link in _LINK.findall(_CODE_BLOCK.sub("", read(page)))]
    assert links
    assert [f"{page}: {link}" for page, link in links if is_broken(page, link)] == []


def test_pages_that_files_mention_exist():
    """Comments say "docs/run_states.md": a reader must find it."""
    names = [name for name in project_files() if name.endswith((".h", ".cpp", ".c", ".py", ".md", ".txt", ".json"))]
    mentions = {(name, page) for name in names for page in _MENTION.findall(read(name))}
    assert sorted(f"{name}: {page}" for name, page in mentions if not (ROOT / page).exists()) == []


def test_a_broken_link_is_seen():
    assert is_broken("docs/job_document.md", "no_such_page.md")
    assert is_broken("docs/job_document.md", "job.schema.json#no-such-heading")
    assert is_broken("docs/job_document.md", "#no-such-heading")
    assert not is_broken("docs/job_document.md", "#triggers")
    assert not is_broken("docs/job_document.md", "../docs/job.schema.json")
