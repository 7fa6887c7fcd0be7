from docs.generate import main


def test_the_pages_in_the_repository_say_what_the_code_says():
    assert main(["--check"]) == 0


def test_every_stale_or_missing_page_is_named(tmp_path, capsys):
    assert main(["--folder", str(tmp_path)]) == 0
    assert main(["--folder", str(tmp_path), "--check"]) == 0
    (tmp_path / "rules.md").write_text("old", encoding="utf-8")
    missing = {"signals.md", "reasons.md", "configuration.md", "config.schema.json"}
    for page in missing:
        (tmp_path / page).unlink()
    assert main(["--folder", str(tmp_path), "--check"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(" is stale")[0].rpartition("/")[2] for line in lines} == {"rules.md", *missing}
