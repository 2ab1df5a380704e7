"""The kinds of findings: what each means, whether it blocks a score, what was expected and how to mend it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Code(NamedTuple):
    """A kind of finding. ``expected`` and ``remedy`` are what a finding says where it knows nothing closer."""

    severity: Severity
    about: str
    expected: str
    remedy: str


FORMATS_READ = (
    "Parquet (file or folder), CSV or TSV with a header, JSON Lines, a TREC run, npz; text also as gz, zst, "
    "bz2, zip"
)
"""The formats of predictions, in words."""
CODES: dict[str, Code] = {
    # The file as a whole. Errors here end the reading.
    "unreadable": Code(
        "error",
        "the file cannot be read to its end",
        "a whole, undamaged file",
        "write or copy the file again",
    ),
    "unknown-format": Code(
        "error",
        "the file is in none of the formats that are read",
        FORMATS_READ,
        "write it in one of them; the columns are user_id, item_id and score (or rank)",
    ),
    "name-differs": Code(
        "warning",
        "the file's name says another format than its content has; the content is believed",
        "a name that ends as the format does",
        "rename the file",
    ),
    "missing-column": Code(
        "error",
        "a column is not there",
        "the columns user_id, item_id and score (or rank)",
        "add or rename it",
    ),
    "repeated-column": Code("error", "two columns have one name", "each name once", "drop one of them"),
    "column-type": Code(
        "error",
        "a column has a type that cannot be what it is for",
        "ids as strings or integers, scores and ranks as numbers",
        "convert the column before it is written",
    ),
    "no-rows": Code(
        "error", "the file has no predictions", "at least one row", "write the predictions to it"
    ),
    "over-limit": Code(
        "error",
        "the file is over a limit, so that the reading was ended",
        "a file within the limits",
        "make the file smaller, or raise the limit (--limit NAME=NUMBER)",
    ),
    "too-many-unknown": Code(
        "error",
        "so many ids are unknown to the task that the reading was ended",
        "ids of the task",
        "check that the file was made for this task and has the publisher's ids",
    ),
    # Single rows.
    "bad-line": Code("error", "the line cannot be parsed", "one prediction a line", "write the line again"),
    "bad-encoding": Code("error", "the text is not UTF-8", "UTF-8", "write the file in UTF-8"),
    "list-lengths": Code(
        "error",
        "a list has not as many scores as items; its rows are left out",
        "a score for each item",
        "write lists of one length, or no scores",
    ),
    "null-id": Code("error", "the id is empty", "the publisher's id", "drop the row or fill in the id"),
    "bad-number": Code(
        "error",
        "the value is not a finite number",
        "a finite number",
        "drop the row or mend what made the number",
    ),
    "duplicate-row": Code(
        "error",
        "this user has this item twice",
        "each pair of user and item once",
        "keep one row of each pair",
    ),
    "rank-order": Code(
        "error",
        "a user's ranks are not 1, 2, ... up to the length of the list",
        "",
        "number each list from 1",
    ),
    "outside-candidates": Code(
        "error",
        "the item is not among the candidates that the protocol fixes for this user",
        "items of the user's candidates",
        "rank the task's candidates only",
    ),
    "unknown-user": Code(
        "warning",
        "the user is not in the task; the row is ignored (an error where the protocol's policy says so)",
        "an id of the task's users",
        "write user ids as the publisher did",
    ),
    "unknown-item": Code(
        "warning",
        "the item is not in the task; in a ranking it keeps its rank and counts as a miss (an error where the protocol's "
        "policy says so)",
        "an id of the task's items",
        "write item ids as the publisher did",
    ),
    "outside-user": Code(
        "warning",
        "the user has nothing relevant in this part; the row is ignored",
        "users who are averaged over",
        "nothing needs to be done; to make the file smaller, predict only for users of the part",
    ),
    "unread-rows": Code(
        "warning",
        "row groups that, by their own statistics, have no user who is averaged over, behind the first million rows; "
        "they are not read, and nothing in them is checked",
        "users who are averaged over",
        "nothing needs to be done; to make the file smaller, predict only for users of the part",
    ),
    "seen-item": Code(
        "warning",
        "the user has this item in training or validation; it keeps its rank and counts as a miss",
        "items that are new to the user",
        "leave the user's known items out of the list",
    ),
    "near-id": Code(
        "warning",
        "the id is not the task's, but would be if it were written in another way",
        "an id as the publisher wrote it",
        "write ids as text, as the publisher did, and never as floating-point numbers",
    ),
    "ids-written-differently": Code(
        "error",
        "most rows have ids that are the task's only when they are written in another way, so that the score would be "
        "wrong",
        "ids as the publisher wrote them",
        "mend the ids as the findings near-id say",
    ),
    # The layout of KDD Cup 2023, whose rows are known by their places.
    "no-places": Code(
        "error",
        "the file's rows are known by locale and place alone, and the users of the task have no places",
        "a task of KDD Cup 2023, or the column user_id",
        "check the name of the task, or write the columns user_id, item_id and score (or rank)",
    ),
    "few-items": Code(
        "error",
        "the row has fewer items than the layout has",
        "100 items",
        "fill the list up to 100 items, best first",
    ),
    "many-items": Code(
        "error", "the row has more items than the layout has", "100 items", "keep the first 100 items"
    ),
    "missing-session": Code(
        "error",
        "the locale has fewer rows than sessions; behind the first that is missing every row stands for another session",
        "a row for each session",
        "write a row for every session, in the order of the test set",
    ),
    "surplus-session": Code(
        "error",
        "the locale has more rows than sessions",
        "a row for each session",
        "check the column locale, and that no row is there twice",
    ),
    "unknown-locale": Code(
        "error",
        "the test set has no sessions of the locale",
        "",
        "check that the file was made for this task",
    ),
    "unlike-order": Code(
        "warning",
        "the lists of the locale fit their sessions no better than in any other order",
        "rows in the order of the test set's sessions",
        "check whether the rows were sorted, shuffled or joined on the way",
    ),
    # Lists, a finding for each user.
    "short-list": Code(
        "warning",
        "the user's list has fewer rows than the metrics read",
        "as many rows as the largest cutoff, where there are so many items",
        "write longer lists; what is not there counts as a miss",
    ),
    "long-list": Code(
        "warning",
        "the user's list is many times longer than the metrics read",
        "as many rows as the largest cutoff",
        "nothing needs to be done; to make the file smaller, write the first rows of each list only",
    ),
    "constant-scores": Code(
        "warning",
        "all scores of the user's list are equal, so that the order is that of the items' MD5",
        "scores that tell items apart",
        "write the model's scores, or the ranks",
    ),
    "tied-cut": Code(
        "warning",
        "lists are cut inside items with equal scores; which of them count is decided by their MD5",
        "scores that tell items apart",
        "write scores with all their digits, or the ranks",
    ),
    # The file beside other parts and tasks.
    "other-part": Code(
        "warning",
        "the predictions look as if they were made for the other part",
        "predictions of a model that knows all parts before this one",
        "predict for this part, or name the other one with --part",
    ),
    "other-task": Code(
        "warning",
        "the predictions fit another task of the store better",
        "predictions for this task",
        "check the name of the task",
    ),
    # What is not there.
    "missing-user": Code(
        "warning",
        "the user has no row and counts 0",
        "a list for every user of the part",
        "predict for this user",
    ),
    "no-known-user": Code(
        "error",
        "no user of the part has a row, so that every score would be 0",
        "ids of users with something to predict",
        "check the ids and that the file was made for this task and part",
    ),
    "no-known-item": Code(
        "error",
        "not one item of the file is in the task, so that every score would be 0",
        "ids of the task's items",
        "write item ids as the publisher did",
    ),
    # Rating tasks.
    "missing-pair": Code(
        "error",
        "the pair has no prediction",
        "a score for every row of the part",
        "predict a rating for this pair",
    ),
    "outside-pair": Code(
        "warning",
        "the pair is not in this part; the row is ignored",
        "pairs of the part",
        "nothing needs to be done; to make the file smaller, predict only the part's pairs",
    ),
    # Tasks over examples.
    "wrong-task": Code(
        "error",
        "the file says that it is for another task",
        "the publisher's name of the task",
        "check that the file is the right one; the name stands in it as task",
    ),
    "null-answer": Code(
        "error",
        "the example has no answer: it is null",
        "a text, which may be empty",
        "write an answer; one that the model refused to give is an empty text",
    ),
    "long-answer": Code(
        "error",
        "the answer to the example is too long",
        "",
        "cut it, or raise the limit (--limit answer_length=NUMBER)",
    ),
    "unknown-example": Code(
        "error",
        "the id is not one of the part's examples",
        "an id of the part",
        "write the publisher's ids, as text",
    ),
    "duplicate-example": Code(
        "error", "the example has an answer already", "each example once", "keep one answer to each example"
    ),
    "missing-example": Code(
        "error", "the example has no answer", "an answer to every example of the part", "answer this example"
    ),
    "empty-answer": Code(
        "warning",
        "the answer to the example is empty; it is scored as such",
        "a text",
        "nothing needs to be done where the model said nothing",
    ),
    "unparsable-answer": Code(
        "warning",
        "the answer cannot be read; it is wrong, or as far off as a number can be",
        "",
        "have the model answer with nothing else",
    ),
    "outside-range": Code(
        "warning", "the number is outside of what is asked for; it is taken as it is", "", "round or cut it"
    ),
}
"""Every code, in the order in which findings are shown: errors before warnings, then this one."""
