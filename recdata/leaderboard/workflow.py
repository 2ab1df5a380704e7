"""The workflow that a results repository runs on each pull request: ``recdata ledger workflow`` prints it."""

WORKFLOW = """\
# Checks a ledger of recdata results in the folder leaderboard/. Put it at .github/workflows/ledger.yml.
# Prediction files that a pull request adds under predictions/ are scored again; corpora are downloaded and cached.
name: ledger
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    env:
      RECDATA_HOME: ${{ github.workspace }}/.recdata
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - uses: actions/cache@v4
        with:
          path: .recdata
          key: recdata-${{ hashFiles('leaderboard/*/*/task-*.json') }}
          restore-keys: recdata-
      - run: pip install "recdata[compare]"
      - name: Entries are added, never edited
        if: github.event_name == 'pull_request'
        env:
          BASE: ${{ github.event.pull_request.base.sha }}
        run: recdata ledger check --ledger leaderboard --base "$BASE"
      - name: Every hash, and every number that can be scored
        run: |
          mkdir -p predictions
          recdata ledger check --ledger leaderboard --predictions predictions
      - name: The site
        run: recdata leaderboard build --ledger leaderboard -o site
      - uses: actions/upload-artifact@v4
        with:
          name: site
          path: site
"""
