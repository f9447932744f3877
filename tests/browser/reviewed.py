"""What is wrong with a page on screen: for those who cannot see it, and for those who do not know how it is built."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

AXE = Path("gateway/web/node_modules/axe-core/axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""Of these, the ones of axe's category of colours."""

BANNED = re.compile(
    r"\b(positions?|epochs?|folds?|folded|folding|sinks?|raise share|black ?screens?|KO|ROIs?|Frame \d+ / \d+"
    r"|1 people|-100\.0 dB|undefined|NaN|null|\[object \w+\])\b|\b_hub\b|\b_gateway\b|watchpost\.\w+\.v\d"
)
"""Words of those who build it, and what a forgotten value looks like. A user is told what they mean."""


def accessibility_findings(page: Page) -> list[str]:
    """Every finding of axe-core, with the element and the rule."""
    return _findings(page, {"type": "tag", "values": RULES})


def colour_findings(page: Page) -> list[str]:
    """Those of the rules that look at colours: the others say the same of a page whose colours alone have changed."""
    return _findings(page, {"type": "rule", "values": COLOUR_RULES})


def _findings(page: Page, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    return list(
        page.evaluate(
            """async (rules) => {
                const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
                return violations.flatMap(({ id, help, nodes }) =>
                    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}`));
            }""",
            rules,
        )
    )


def banned_words(page: Page) -> list[str]:
    """With what stands around them; of what is shown, and of what is read aloud."""
    shown = page.evaluate(
        """() => [
            document.title, document.body.innerText,
            ...[...document.querySelectorAll('[aria-label], [title], [alt], [placeholder]')].flatMap((element) =>
                ['aria-label', 'title', 'alt', 'placeholder'].map((name) => element.getAttribute(name) ?? '')),
        ].join(' | ')"""
    )
    return [shown[max(0, found.start() - 40) : found.end() + 20] for found in BANNED.finditer(shown)]


def settled(page: Page) -> None:
    """Nothing says that it is still loading."""
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


_TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll('main, main .scroll-x')]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => {
        const right = one.getBoundingClientRect().left + one.clientWidth;
        const out = [...one.querySelectorAll('*')].filter((inner) => inner.getBoundingClientRect().right > right + 1);
        const words = out.slice(0, 3).map((inner) => `${inner.tagName} ${inner.className} ${inner.textContent}`);
        return [one.getAttribute('aria-label') || one.tagName, ...words].join(': ');
    })"""
"""A table that scrolls by itself makes its view no wider, but its last columns are out of sight."""


def wider_than_the_window(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_TOO_WIDE)
    return found
