import pytest

from docs.generate import main


def test_the_pages_in_the_repository_say_what_the_code_says():
    assert main(["--check"]) == 0


def test_a_stale_page_is_named(tmp_path, capsys):
    assert main(["--folder", str(tmp_path)]) == 0
    assert main(["--folder", str(tmp_path), "--check"]) == 0
    (tmp_path / "rules.md").write_text("old", encoding="utf-8")
    assert main(["--folder", str(tmp_path), "--check"]) == 1
    assert "rules.md is stale" in capsys.readouterr().err


@pytest.mark.parametrize("page", ["signals.md", "rules.md", "reasons.md", "configuration.md", "config.schema.json"])
def test_a_missing_page_is_stale(tmp_path, page):
    main(["--folder", str(tmp_path)])
    (tmp_path / page).unlink()
    assert main(["--folder", str(tmp_path), "--check"]) == 1
