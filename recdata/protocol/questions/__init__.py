"""Questions: operators that ask for a user's held-out rows one after the other, each time with what came before.

Without one, a user is asked once for all that is held out. With one, each question takes the place of a user: its id is the
user's and the question's, joined by a colon; what the user did before is its context, and its rows alone are relevant. A
question operator is a public function (held, *, arguments) -> Asked in a module of this package.
"""
