"""The labels that the default rules are measured on: addresses and readings, and no text of a page."""

from bench.labels import agree, read_labels


def test_three_hundred_pages_are_labelled_once_each_and_no_line_holds_more_than_an_address():
    pages = read_labels()
    assert len(pages) == len({page.url for page in pages}) == 300
    assert all(page.url.startswith(("http://", "https://")) and "\n" not in page.url for page in pages)
    assert {page.half for page in pages} == {"development", "held_out", "fresh"}


def test_what_was_settled_is_what_both_readings_say_where_they_agree():
    for page in read_labels():
        assert page.is_good in page.readings


def test_agreement_beyond_chance_is_that_of_the_four_counts():
    pages = read_labels()
    agreement, kappa = agree(pages)
    assert agreement == 289 / 300
    assert round(kappa, 3) == 0.926
