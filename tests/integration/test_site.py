"""The site in a real Chromium, from files, with 5,000 generated entries: what people do with it, and how fast it is."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "leaderboard"))
from generated import HOSTILE, generate

from recdata.leaderboard.site.boards import slug
from recdata.leaderboard.site.build import build_site

pytestmark = pytest.mark.browser
ENTRIES = int(os.environ.get("RECDATA_TEST_ENTRIES", "5000"))
BOARD = "task/" + slug("generated-0@1.0.0/by-hand@1") + ".html"


def required(word: str, reason: str) -> None:
    """Skip, or fail where the environment says that this must be tested."""
    if word in os.environ.get("RECDATA_REQUIRE", "").replace(",", " ").split():
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    ledger = generate(folder, ENTRIES)
    assert build_site(ledger, folder / "site") == ENTRIES
    return folder / "site"


@pytest.fixture(scope="module")
def chromium():
    driver, browser = (
        shutil.which("chromedriver"),
        shutil.which("chromium") or shutil.which("chromium-browser"),
    )
    if not driver or not browser:
        required("browser", "no chromium and chromedriver here: apt-get install chromium chromium-driver")
    try:
        from selenium import webdriver
    except ImportError:
        required("browser", "selenium is not installed: pip install selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chosen = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    yield chosen
    chosen.quit()


@pytest.fixture
def open_page(chromium, site):
    def open_page(path):
        chromium.get((site / path).as_uri())
        return chromium

    yield open_page
    severe = [each for each in chromium.get_log("browser") if each["level"] == "SEVERE"]
    assert severe == []


def all_of(page, css):
    return page.find_elements("css selector", css)


def column(page, number):
    return [cell.text for cell in all_of(page, f"#board tbody tr > :nth-child({number})")]


def click_head(page, key):
    page.find_element("css selector", f'[data-sort="{key}"]').click()


def test_sorting_is_right_and_fast(open_page):
    page = open_page(BOARD)
    click_head(page, "MRR@10")
    heads = [head.get_attribute("aria-sort") for head in all_of(page, "#board thead th")]
    assert heads.count("descending") == 1
    place = heads.index("descending") + 1
    falling = [float(value) for value in column(page, place)]
    assert falling == sorted(falling, reverse=True)
    click_head(page, "MRR@10")
    rising = [float(value) for value in column(page, place)]
    assert rising == sorted(rising)
    assert rising[0] < falling[-1]
    click_head(page, "model")
    times = page.execute_script("return performance.getEntriesByName('sort').map((each) => each.duration)")
    assert len(times) == 3
    print("sorting, ms:", [round(time, 1) for time in times])


def test_the_page_measures_its_first_paint(open_page):
    page = open_page(BOARD)
    paint = page.execute_script(
        "return performance.getEntriesByName('first-contentful-paint').map((each) => each.startTime)"
    )
    ready = page.execute_script("return performance.getEntriesByName('board-ready')[0].startTime")
    print("first paint, ms:", paint, "board ready, ms:", ready)
    assert ready > 0


def test_filtering(open_page):
    page = open_page(BOARD)
    field = page.find_element("id", "filter")
    field.send_keys("model 042")
    names = column(page, 3)
    assert names
    assert {name.split(" baseline")[0] for name in names} == {"model 042 1"}
    assert page.find_element("id", "count").text.startswith(f"{len(names)} of ")
    field.send_keys(" nothing like it")
    assert column(page, 3) == []


def test_more_rows_on_demand(open_page):
    page = open_page(BOARD)
    assert len(all_of(page, "#board tbody tr")) == 100
    page.execute_script("document.getElementById('more').click()")
    assert len(all_of(page, "#board tbody tr")) == 200


def test_choosing_columns(open_page):
    page = open_page(BOARD)
    assert not all_of(page, '[data-sort="date"]')
    page.find_element("css selector", "#choose summary").click()
    page.find_element("css selector", '[data-column="date"]').click()
    assert all_of(page, '[data-sort="date"]')
    page.find_element("css selector", '[data-column="group"]').click()
    assert not all_of(page, '[data-sort="group"]')


def test_opening_a_model(open_page, site):
    page = open_page(BOARD)
    link = page.find_element("css selector", "#board tbody th a")
    name = link.text
    link.click()
    assert page.find_element("tag name", "h1").text == name.removesuffix(" 1")
    target = page.execute_script("return location.hash.slice(1)")
    section = page.find_element("id", target)
    assert "recdata score generated-0@1.0.0/by-hand@1#abababababab predictions" in section.text
    assert (site / "entry" / f"{target}.json").is_file()


def test_comparing_two(open_page):
    page = open_page(BOARD)
    for box in all_of(page, "#board tbody input")[0:5:4]:
        box.click()
    page.find_element("id", "compare").click()
    wait(page, lambda: "95 % interval" in page.find_element("id", "outcome").text)
    assert "943 users" in page.find_element("id", "outcome").text
    assert all_of(page, "#slices svg circle")
    chosen = [page.find_element("id", which).get_attribute("value") for which in "ab"]
    assert page.find_element("id", "command").text == f"recdata compare {chosen[0]} {chosen[1]}"


def wait(page, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, 10).until(lambda _: condition())


def test_copying_a_citation(open_page):
    page = open_page(BOARD)
    button = page.find_element("css selector", "[data-copy=citation]")
    button.click()
    wait(page, lambda: button.get_attribute("data-copied") == "yes")
    assert page.find_element("id", "said").get_attribute("textContent") == "Copied"
    # What was copied is what can be pasted.
    page.find_element("id", "filter").click()
    from selenium.webdriver.common.keys import Keys

    page.find_element("id", "filter").send_keys(Keys.CONTROL, "v")
    assert "generated-0@1.0.0/by-hand@1" in page.find_element("id", "filter").get_attribute("value")


def test_a_hostile_name_is_text(open_page):
    page = open_page(BOARD)
    page.find_element("id", "filter").send_keys("onerror")
    assert [name.split(" baseline")[0] for name in column(page, 3)] == [f"{HOSTILE} 1"]
    link = page.find_element("css selector", "#board tbody th a")
    page.execute_script("arguments[0].click()", link)
    assert page.find_element("tag name", "h1").text == HOSTILE
    assert "owned" not in page.title.replace(HOSTILE, "")
    assert all_of(page, "main img, main script") == []
    page = open_page("compare.html")
    assert all_of(page, "main img") == []


def test_keyboard_alone_is_enough(open_page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = open_page(BOARD)
    keys = ActionChains(page)
    keys.send_keys(Keys.TAB).perform()
    assert page.switch_to.active_element.text == "Skip to content"
    page.execute_script("document.querySelector('[data-sort=\"HR@10\"]').focus()")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    assert page.switch_to.active_element.get_attribute("data-sort") == "HR@10"
    assert page.find_element("css selector", "th[aria-sort]").text.startswith("HR@10")


def test_colours_can_be_switched(open_page):
    page = open_page("index.html")
    back = "return getComputedStyle(document.body).backgroundColor"
    before = page.execute_script(back)
    page.find_element("id", "theme").click()
    assert page.execute_script(back) != before
    page.find_element("id", "theme").click()
    assert page.execute_script(back) == before


@pytest.mark.parametrize("path", ["index.html", BOARD, "compare.html", "overall.html", "about.html"])
def test_it_fits_a_phone(open_page, chromium, path):
    chromium.set_window_size(500, 800)
    try:
        chromium.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 700, "deviceScaleFactor": 2, "mobile": True},
        )
        page = open_page(path)
        assert page.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        chromium.set_window_size(1280, 900)


def test_no_request_leaves_the_site(open_page, chromium):
    for path in ("index.html", BOARD, "compare.html"):
        page = open_page(path)
        names = page.execute_script(
            "return performance.getEntriesByType('resource').map((each) => each.name)"
        )
        assert all(name.startswith("file://") for name in names)


@pytest.fixture(scope="module")
def axe():
    found = importlib.util.find_spec("axe_core_python")
    if found is None or found.origin is None:
        required("browser", "axe-core is not installed: pip install axe-core-python")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def kinds(site: Path) -> list[str]:
    found = ["index.html", "compare.html", "overall.html", "about.html", BOARD]
    one = [min((site / kind).glob("*.html")) for kind in ("model", "corpus", "protocol")]
    return found + [path.relative_to(site).as_posix() for path in one]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page, site, axe, theme):
    for path in kinds(site):
        page = open_page(path)
        page.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
        page.execute_script(axe)
        found = page.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {preload: false, resultTypes: ['violations']}).then((result) => done(result.violations))"
        )
        serious = [
            (each["id"], each["nodes"][0]["html"][:200])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], path


def test_the_feed_is_atom(site):
    feed = ElementTree.parse(site / "feed.xml").getroot()
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == min(50, ENTRIES)


def test_downloads_hold_every_row(site):
    import csv

    import pyarrow.parquet as pq

    name = slug("generated-0@1.0.0/by-hand@1")
    table = pq.read_table(site / "data" / f"{name}.parquet")
    with (site / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == table.num_rows == round(ENTRIES * 0.6)
    assert (site / "data" / f"{name}.tex").read_text().startswith("% generated-0@1.0.0/by-hand@1#")
