"""Patterns of what computers exchange: credentials, e-mail addresses, IP addresses."""

from __future__ import annotations

import ipaddress
import re

from manyo.filters.pii.character_sets import BLANK, DIGIT
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import HALF_WIDTH, Pattern, digit_groups, standing_alone

# --- credentials ---

_USERINFO = lazily(r"(?<=://)[^\s/:@<>「」（）()]{0,64}:[^\s/@<>「」（）()]{1,64}@[A-Za-z0-9.\-]+")
_API_KEY = lazily(
    rf"(?<![A-Za-z0-9_]){NOT_AFTER_MASK}(?:"
    r"A(?:KI|SI)A[0-9A-Z]{16}"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"
    r"|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic
    r"|AIza[0-9A-Za-z_-]{35}"  # Google
    r"|xox[abprs]-[0-9A-Za-z-]{10,}"  # Slack
    r"|xapp-[0-9]-[A-Za-z0-9-]{20,}|hf_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{24,}"  # Stripe
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[0-9a-f]{32}|pypi-[A-Za-z0-9_-]{40,}|do[opr]_v1_[0-9a-f]{40,}"
    r"|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|ATATT[A-Za-z0-9_=-]{20,}"
    r"|(?!pk_|pub)[a-z]{2,10}_(?:live|test|prod|secret|token)_[A-Za-z0-9]{16,}"  # others that follow them
    r"|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"  # Telegram
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # JSON Web Token
    rf")(?![A-Za-z0-9_]){NOT_BEFORE_MASK}"
)
_WEBHOOK = lazily(
    r"https://(?:hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_]{20,}"
    r"|discord(?:app)?\.com/api/webhooks/[0-9]{10,}/[A-Za-z0-9_-]{20,}"
    r"|[a-z0-9-]+\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{20,})"
    rf"(?![A-Za-z0-9_/]){NOT_BEFORE_MASK}"
)
_BEARER = lazily(
    rf"(?<=[Bb]earer ){NOT_AFTER_MASK}[A-Za-z0-9_\-.=+/~]{{20,}}(?![A-Za-z0-9_\-.=+/~]){NOT_BEFORE_MASK}"
    rf"|(?<=[Bb]asic ){NOT_AFTER_MASK}[A-Za-z0-9+/]{{12,}}={{0,2}}(?![A-Za-z0-9+/=]){NOT_BEFORE_MASK}"
)
_LOGIN_PAIR = lazily(
    rf"(?:(?<=curl -u )|(?<= --user )|(?<= -u ))['\"]?{NOT_AFTER_MASK}(?P<pair>[A-Za-z0-9_.\-]{{1,32}}:[^\s:'\"]{{4"
    rf",64}})(?=['\"]?(?:\s|$)){NOT_BEFORE_MASK}"
)
_PRIVATE_KEY = lazily(
    r"-----BEGIN (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----"
    r"[A-Za-z0-9+/=\s:,\\.-]{1,16384}?"
    r"-----END (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----"
)


def _is_random(match: re.Match[str]) -> bool:
    """Whether characters look drawn, not written: digits and letters of both cases, or nearly so."""
    classes = sum(bool(re.search(chars, match[0])) for chars in ("[a-z]", "[A-Z]", "[0-9]"))
    return classes >= 2 and len(set(match[0])) >= 8


def _is_key(match: re.Match[str]) -> bool:
    if re.search(r"(?i)x{6}|0{10}|(?:your|example|placeholder)[_-]", match[0]):
        return False
    # sk-learn-and-its-many-friends is a slug; the other prefixes are not words.
    return not match[0].startswith("sk-") or any(char.isdigit() for char in match[0])


# --- e-mail ---

_ALNUM = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
# Dots may be anywhere: Japanese mobile carriers assigned such addresses until 2009.
_LOCAL = rf"[{_ALNUM}._%+\-．＿＋－]"
_DOMAIN_LABEL = rf"[{_ALNUM}](?:[{_ALNUM}\-－]{{0,62}}[{_ALNUM}])?"
_DOMAIN_END = rf"(?![{_ALNUM}])(?![-－][{_ALNUM}]){NOT_BEFORE_MASK}"
_TOP_LEVEL = "[A-Za-zＡ-Ｚａ-ｚ]{2,24}"
# With blanks in the domain and any word as top-level domain, "see @ foo. It" would be an e-mail address.
_COMMON_TOP_LEVEL = "(?:jp|com|net|org|edu|gov|info|biz|io|tv|cc|uk|de|fr|cn|kr|tw|ru)"
_AT = "(?:@|＠|%40)"
_WRITTEN_AT = rf"{BLANK}?[\[(（【〔<＜](?:at|At|AT|ａｔ|ＡＴ|アットマーク)[\])）】〕>＞]{BLANK}?"
_DOT = rf"(?:{BLANK}?[.．]{BLANK}?|{BLANK}?[\[(（](?:dot|ドット)[\])）]{BLANK}?)"
_EMAIL_START = rf"(?={_LOCAL})(?<!{_LOCAL}){NOT_AFTER_MASK}(?:[{_ALNUM}]{{1,20}}')?{_LOCAL}{{1,64}}"

_EMAIL = lazily(rf"{_EMAIL_START}{_AT}(?:{_DOMAIN_LABEL}[.．]){{1,6}}{_TOP_LEVEL}{_DOMAIN_END}")
_EMAIL_WRITTEN = lazily(rf"{_EMAIL_START}{_WRITTEN_AT}(?:{_DOMAIN_LABEL}{_DOT}){{1,6}}{_TOP_LEVEL}{_DOMAIN_END}")
_EMAIL_SPACED = lazily(
    rf"{_EMAIL_START}{BLANK}?{_AT}{BLANK}?(?:{_DOMAIN_LABEL}{BLANK}?[.．]{BLANK}?){{1,6}}{_COMMON_TOP_LEVEL}"
    rf"{_DOMAIN_END}"
)
# What identifies a message has the form of an address.
_MESSAGE = lazily(r"(?i:message-id|references|in-reply-to|content-id):? ?<?$")
_EMAIL_OTHER_AT = lazily(rf"{_EMAIL_START}[★☆◎](?:{_DOMAIN_LABEL}[.．]){{1,6}}{_TOP_LEVEL}{_DOMAIN_END}")
_READ_AS_AT = lazily("を(?:半角の?)?[「『]?(?:@|＠|アットマーク)")
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "css", "js", "html", "php", "pdf", "zip"})


#: Logins of machines, and what writers of code put for an address.
_NOBODY = ("git@", "anonymous@", "hoge@", "fuga@", "piyo@", "foo@", "bar@")


def _is_email(match: re.Match[str]) -> bool:
    # icon@2x.png is a picture, git@github.com:name/repository a repository, anonymous@ftp the login of nobody.
    address = match[0].translate(HALF_WIDTH).lower()
    return address.rsplit(".", 1)[-1] not in _FILE_ENDINGS and not address.startswith(_NOBODY)


def _has_blank(match: re.Match[str]) -> bool:
    return bool(re.search(BLANK, match[0]))


# --- IP addresses ---

_IPV4 = standing_alone(rf"{DIGIT}{{1,3}}(?:[.．]{DIGIT}{{1,3}}){{3}}", "._-", "_-")
#: IP:2400:… follows a label, fe80:2400:… a group.
_NO_GROUP_BEFORE = "".join(rf"(?<!(?<![0-9A-Za-z])[0-9A-Fa-f]{{{n}}}:)" for n in range(1, 5))
_IPV6 = lazily(
    rf"(?=[23])(?<![0-9A-Za-z.])(?<!::){_NO_GROUP_BEFORE}{NOT_AFTER_MASK}[23][0-9a-fA-F]{{3}}(?::[0-9a-fA-F]{{0,4}}){{2,7}}(?![0-9A-Za-z:])"
    rf"{NOT_BEFORE_MASK}"
)
_IP_WORD = lazily(
    r"(?<![A-Za-z])IP|ＩＰ|アドレス|address|ホスト|host|サーバ|server|DNS|ping|接続|アクセス|remote|client|from",
    re.IGNORECASE,
)
#: 1.2.3.4 may be a version or a section.
_VERSION_WORD = lazily(
    r"(?:ver(?:sion|\.)?|(?<![A-Za-z])v|rev(?:ision|\.)?|release|build|バージョン|版|リリース|[A-Za-z]/|第|§|節|章)"
    r"[ 　:：]?$",
    re.IGNORECASE,
)


def _is_public_ip(match: re.Match[str]) -> bool:
    try:
        return ipaddress.ip_address(match[0].translate(HALF_WIDTH)).is_global
    except ValueError:
        return False


def _is_plain_ip(match: re.Match[str]) -> bool:
    # Versions and sections have small numbers, with at most one large one (1.2.107.6 of an editor). 8.8.8.8 has small
    # numbers too, so that it needs a word.
    return _is_public_ip(match) and sum(int(group) >= 20 for group in digit_groups(match[0])) >= 2


def _is_small_ip(match: re.Match[str]) -> bool:
    return _is_public_ip(match) and not _is_plain_ip(match)


PATTERNS: tuple[Pattern, ...] = (
    Pattern("credential", "userinfo", 0.95, _USERINFO),
    Pattern("credential", "api_key", 0.95, _API_KEY, _is_key),
    Pattern("credential", "webhook", 0.95, _WEBHOOK),
    Pattern("credential", "bearer", 0.85, _BEARER, _is_random),
    Pattern("credential", "login_pair", 0.85, _LOGIN_PAIR),
    Pattern("credential", "private_key", 0.99, _PRIVATE_KEY, across_lines=True),
    Pattern("email", "email", 0.98, _EMAIL, _is_email, unless=_MESSAGE),
    Pattern("email", "email_written_at", 0.9, _EMAIL_WRITTEN, _is_email),
    Pattern(
        "email",
        "email_other_at",
        0.85,
        _EMAIL_OTHER_AT,
        _is_email,
        needs=_READ_AS_AT,
        within_chars=40,
        needs_after=True,
    ),
    Pattern("email", "email_spaced", 0.85, _EMAIL_SPACED, _has_blank),
    Pattern("ip", "ipv4", 0.9, _IPV4, _is_plain_ip, unless=_VERSION_WORD),
    Pattern("ip", "ipv4_small", 0.8, _IPV4, _is_small_ip, needs=_IP_WORD, within_chars=30, unless=_VERSION_WORD),
    Pattern("ip", "ipv6", 0.95, _IPV6, _is_public_ip),
)
