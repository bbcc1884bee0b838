"""The check of links goes red where it must, and the order of the pages leaves none out."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import build
import links
import markdown
from contents import CONTENTS

PAGE = """# The `first` page: what it is

[whole](other.md) [part](other.md#two-words) [here](#the-first-page-what-it-is) [far](https://example.com/none)

```sh
[no link](nowhere.md)
```

`[no link either](nowhere.md)` <!-- [nor this](nowhere.md) -->
"""

OTHER = "# Other\n\n## Two words\n\n## Two words\n"


def problems(page: str) -> list[str]:
    """Give what is wrong with a folder of two pages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.md").write_text(page)
        (folder / "other.md").write_text(OTHER)
        return links.problems(folder, ["page.md", "other.md"])


class Links(unittest.TestCase):
    """What is found."""

    def test_good_pages_have_no_problems(self) -> None:
        self.assertEqual(problems(PAGE), [])

    def test_a_file_that_is_not_there_is_found(self) -> None:
        self.assertEqual(problems("\n[gone](gone.md)\n"), ["page.md:2: gone.md: there is no such file"])

    def test_a_picture_that_is_not_there_is_found(self) -> None:
        self.assertEqual(problems('<img src="gone.svg">'), ["page.md:1: gone.svg: there is no such file"])

    def test_a_file_outside_the_repository_is_found(self) -> None:
        self.assertEqual(problems("[out](../other.md)"), ["page.md:1: ../other.md: there is no such file"])

    def test_a_heading_that_is_not_there_is_found(self) -> None:
        self.assertEqual(
            problems("[part](other.md#three)"), ["page.md:1: other.md#three: the page has no such heading"]
        )
        self.assertEqual(problems("[part](#three)"), ["page.md:1: #three: the page has no such heading"])

    def test_a_list_without_an_empty_line_before_it_is_found(self) -> None:
        self.assertEqual(problems("These:\n- one\n"), ["page.md:2: a list needs an empty line before it"])

    def test_headings_of_the_same_words_have_numbers(self) -> None:
        self.assertEqual(markdown.anchors(OTHER), {"other", "two-words", "two-words-1"})


class Contents(unittest.TestCase):
    """What the navigation holds."""

    def test_every_page_below_docs_has_a_place(self) -> None:
        pages = {page for page in links.pages() if page.startswith("docs/")}
        shown = str(build.navigation(CONTENTS, pages, build.named(CONTENTS)))
        self.assertEqual([page for page in sorted(pages) if f"'{page}'" not in shown], [])

    def test_no_page_has_two_places(self) -> None:
        pages = set(links.pages())
        shown = str(build.navigation(CONTENTS, pages, build.named(CONTENTS)))
        self.assertEqual([page for page in sorted(pages) if shown.count(f"'{page}'") > 1], [])

    def test_every_named_page_is_there(self) -> None:
        made = {"docs/adr/README.md"}
        files = {page for page in build.named(CONTENTS) if not page.endswith("/")}
        self.assertEqual(files - made - set(links.pages()), set())


if __name__ == "__main__":
    unittest.main()
