"""The description of a published corpus as Croissant 1.1: files with digests, records, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from manyo.pipelines.commands.annotations import ANNOTATION_MEANINGS, ANNOTATIONS
from manyo.pipelines.commands.published_tables import PUBLISHED, REMOVED, Numbers

#: The context that the specification prescribes, with the vocabularies that are used here.
_CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/", "prov": "http://www.w3.org/ns/prov#",
    "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
    "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
    "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "equivalentProperty": "cr:equivalentProperty", "samplingRate": "cr:samplingRate",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip

_CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]

#: What a column of the published tables means.
MEANINGS = {
    "id": "doc_id of the run, in hexadecimal digits",
    "text": "text with personal information masked",
    "title": "title with personal information masked",
    "comments": "what readers wrote below the text, masked; empty if nothing",
    "url": "address of the page, or identifier of the work, masked",
    "source": "name of the source in the configuration",
    "licence": "licence of the source, as the configuration states it",
    "page_licence": "licence that the page states for itself; empty if none",
    "terms": "terms of use of the source; empty if none",
    "uses": "what the text may be used for: train, search, display, redistribute",
    "date": "when the page was fetched; null if unknown",
    "language": "ISO 639 code",
    "language_score": "confidence in language, from 0 to 1",
    "reasons": "names of all failed rules; duplicate; not_released; or refused: REASON",
    "repeats": "id of the document that a duplicate repeats; null for others",
    **ANNOTATION_MEANINGS,
}


def croissant(
    name: str,
    facts: Mapping[str, Any],
    numbers: Numbers,
    stages: Sequence[tuple[str, str]],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The JSON-LD of a published folder.

    Args:
        name: of the corpus.
        facts: `description`, `license`, `url`, `creator`, `date` and `version`.
        numbers: counted over the files.
        stages: name and fingerprint of every stage, in order.
        versions: of manyo and its libraries.
    """
    tables = {
        "train": ("data/*/", PUBLISHED),
        "annotations": ("annotations/*/", ANNOTATIONS),
        "removed": ("removed/", REMOVED),
    }
    files = [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "contentSize": f"{size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": digest,
        }
        for path, (size, digest, _) in numbers.files.items()
    ]
    sets, records = [], []
    for table, (prefix, schema) in tables.items():
        if not any(path.startswith(prefix.split("*")[0]) for path in numbers.files):
            continue
        # Without containedIn: mlcroissant 1.1.1 reads such a set of files in folders as a list of paths.
        sets.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{table}-files",
                "name": f"{table}-files",
                "encodingFormat": "application/x-parquet",
                "includes": f"{prefix}*.parquet",
            }
        )
        fields = [_field(table, column) for column in schema]
        records.append(
            {"@type": "cr:RecordSet", "@id": table, "name": table, "key": {"@id": f"{table}/id"}, "field": fields}
        )
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": name,
        "description": facts["description"],
        "license": facts["license"],
        "url": facts["url"],
        "creator": {"@type": "sc:Organization", "name": facts["creator"]},
        "datePublished": facts["date"],
        "version": facts["version"],
        "citeAs": f"{facts['creator']}: {name}, version {facts['version']}",
        "inLanguage": sorted(language for language in numbers.languages if language not in ("und", "zxx")),
        "keywords": ["Japanese", "pretraining", "manyo"],
        "distribution": [*files, *sets],
        "recordSet": records,
        "prov:wasDerivedFrom": sorted(numbers.sources),
        "prov:wasGeneratedBy": [
            {"@type": "prov:Activity", "name": stage, "prov:value": fingerprint} for stage, fingerprint in stages
        ],
        "prov:wasAttributedTo": {
            "@type": "prov:SoftwareAgent",
            "name": "manyo",
            "version": ", ".join(f"{package} {version}" for package, version in versions.items()),
        },
        **_responsible(numbers),
    }


#: Types of Croissant for those of Arrow; all others are text.
_KINDS = (
    (pa.types.is_timestamp, "sc:Date"),
    (pa.types.is_floating, "sc:Float"),
    (pa.types.is_integer, "sc:Integer"),
    (pa.types.is_boolean, "sc:Boolean"),
)


def _field(table: str, column: pa.Field) -> dict[str, Any]:
    value = column.type.value_type if pa.types.is_list(column.type) else column.type
    kind = next((name for is_of, name in _KINDS if is_of(value)), "sc:Text")
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        "description": MEANINGS[column.name],
        "dataType": kind,
        "source": {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": column.name}},
    }
    if pa.types.is_list(column.type):
        described["repeated"] = True
    return described


def _responsible(numbers: Numbers) -> dict[str, Any]:
    """Properties of the vocabulary for responsible use that the run itself can state."""
    total = numbers.total
    period = f"{total.earliest:%Y-%m-%d} to {total.latest:%Y-%m-%d}" if total.earliest and total.latest else "unknown"
    return {
        "rai:dataCollection": f"Documents of {len(numbers.sources)} sources; README.md lists them.",
        "rai:dataCollectionTimeframe": period,
        "rai:dataPreprocessingProtocol": (
            "Text extraction, language identification, measured signals, rules as closed intervals over signals, "
            "deduplication, masking of personal information; recipe/ has the configuration and the rules."
        ),
        "rai:dataCollectionMissingData": f"{numbers.n_removed} pages were removed; the record set removed says why.",
        "rai:personalSensitiveInformation": "Personal information that was found is masked; PRIVACY.md says which.",
        "rai:machineAnnotationTools": ["manyo"],
    }
