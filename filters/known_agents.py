"""Product tokens of crawlers that robots.txt addresses, to tell a misspelt one from one that is new.

Each operator states its own in its documentation; `Google-Extended`, `Applebot-Extended` and the like are controls
without a crawler. The list decides nothing but messages: agents that are not in it are honoured too.
"""

from __future__ import annotations

from typing import Final

KNOWN_AGENTS: Final = (
    # models
    "GPTBot",
    "OAI-SearchBot",
    "ChatGPT-User",
    "ClaudeBot",
    "Claude-User",
    "Claude-SearchBot",
    "Claude-Web",
    "anthropic-ai",
    "Google-Extended",
    "GoogleOther",
    "Applebot-Extended",
    "Amazonbot",
    "Bytespider",
    "cohere-ai",
    "meta-externalagent",
    "meta-externalfetcher",
    "FacebookBot",
    "MistralAI-User",
    "PerplexityBot",
    "Perplexity-User",
    "AI2Bot",
    "Diffbot",
    "ImagesiftBot",
    "omgili",
    "Timpibot",
    "YouBot",
    "img2dataset",
    # archives and research
    "CCBot",
    "ICC-Crawler",
    "ia_archiver",
    # search
    "Googlebot",
    "bingbot",
    "msnbot",
    "Applebot",
    "Baiduspider",
    "DuckDuckBot",
    "DuckAssistBot",
    "PetalBot",
    "YandexBot",
    "Yeti",
    # others that many sites name
    "AhrefsBot",
    "MJ12bot",
    "SemrushBot",
    "Twitterbot",
    "facebookexternalhit",
)
