"""What keeps somebody from a page before any door is asked."""

from tallystick.kernel.problems import Kind, Problem


class SignInFirst(Problem):
    """Nobody is signed in here: sign in first."""

    code = "sign_in_first"
    kind = Kind.UNAUTHENTICATED


class SentByAnotherSite(Problem):
    """A page of another site made the browser send this, so nothing was done. Do it on a page of ours."""

    code = "sent_by_another_site"
    kind = Kind.FORBIDDEN


class SomebodyElseSignedIn(Problem):
    """The form was made for somebody else, who was signed in before in this browser, so nothing was done."""

    code = "somebody_else_signed_in"
    kind = Kind.CONFLICT
