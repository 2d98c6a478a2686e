"""`titleholder waive SUITE`: a signed permission for one model to break one rule on one slice."""

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from titleholder.cli.declaring import Commands, add_credentials, declare
from titleholder.environment import SIGNING_KEY_FILE
from titleholder.errors import Exit, RecordError, UsageError

HELP = "let one model break one rule on one slice, so far and so long, by name and with a reason"
EPILOG = """\
The waiver is signed with the approver's key (TITLEHOLDER_SIGNING_KEY_FILE), which must be another
one than signs verdicts; there are no unsigned waivers. --slice is a name that the newest verdict
judged the rule on, that of the model if there is one. It counts where the gate is given that key
with --approver, and the gate then says WAIVED and why. No verdict is changed, and a model that
was let out by a waiver is not promoted.

exit codes: 0 the waiver is kept, 2 usage or configuration, 5 the store did not keep it
"""


_LIMITS = (
    "--ceiling must be a finite number from 0 on; --rule, --slice, --reason and --approver must "
    "hold words, 2000 characters at most"
)


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "waive", HELP, EPILOG)
    parser.add_argument("suite", metavar="SUITE", help="a suite of params.yaml")
    parser.add_argument("--rule", required=True, metavar="ID", help="the rule's id")
    parser.add_argument("--slice", required=True, metavar="NAME", help="as the finding names it")
    parser.add_argument("--model", required=True, type=Path, metavar="FILE", help="the model")
    parser.add_argument(
        "--ceiling",
        required=True,
        type=float,
        metavar="NUMBER",
        help="how far beyond the rule's bound the interval may end, in the rule's unit",
    )
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why")
    parser.add_argument("--approver", required=True, metavar="NAME", help="who answers for it")
    parser.add_argument(
        "--until", required=True, metavar="YYYY-MM-DD", help="the last day (UTC) that it holds"
    )
    parser.add_argument("--env", metavar="NAME", help="environment (params.yaml)")
    parser.add_argument("--store", metavar="URL", help="file://directory or s3://bucket/prefix")
    parser.add_argument("--endpoint", metavar="URL", help="the S3 server, if it is not Amazon's")
    add_credentials(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign the waiver, keep it, and print where it lies."""

    from titleholder import records, tree
    from titleholder.adapters import ed25519
    from titleholder.adapters.stores import store_at
    from titleholder.comparison.slices import columns_of
    from titleholder.stages.workspace import StoreChoice, Workspace, open_params
    from titleholder.trust import gate
    from titleholder.trust.chain import verdicts
    from titleholder.trust.statement import instant, subject_of
    from titleholder.trust.waivers import WaiverPredicate, grant, require_slice

    signer = ed25519.signer(os.environ)
    if signer is None:
        raise UsageError(
            "a waiver is never unsigned", cure=f"set {SIGNING_KEY_FILE} to your own key"
        )
    root = Path.cwd()
    choice = StoreChoice(args.store, args.endpoint, args.env, args.credentials)
    ws = Workspace.of(root, choice.over(open_params(root)), args.suite)
    if args.rule not in {rule.id for rule in ws.suite.rules}:
        rules = ", ".join(rule.id for rule in ws.suite.rules)
        raise UsageError(f"{args.suite} has no rule {args.rule!r}", cure=f"it has {rules}")
    (rule,) = (rule for rule in ws.suite.rules if rule.id == args.rule)
    digest = gate.digest_of_model(args.model).removeprefix("sha256:")
    where = ws.store
    store = store_at(where, root)
    chain = verdicts(store, where.environment, args.suite)
    require_slice(chain, rule, args.slice, digest, columns_of(ws.suite.slices))
    now = datetime.now(UTC)
    said = WaiverPredicate(
        schema_version=2,
        environment=where.environment,
        suite=args.suite,
        rule=args.rule,
        slice=args.slice,
        ceiling=args.ceiling,
        reason=args.reason,
        approver=args.approver,
        issued_at=instant(now),
        expires_at=instant(_end_of(args.until, now)),
    )
    try:
        # What could not be read back is not written.
        records.decode(records.encode(said), WaiverPredicate)
    except RecordError as error:
        raise UsageError(f"this cannot be waived: {_said(error)}", cure=_LIMITS) from None
    location = grant(store, subject_of(tree.name_of(args.model), digest), said, signer)
    print(
        f"WAIVED {args.rule} ({args.slice}) of {args.suite} in {where.environment} for "
        f"sha256:{digest} until {said.expires_at}, by {args.approver}"
    )
    print(f"  signed by {signer.key_id}\n  {location}")
    return int(Exit.ALLOW)


def _said(error: RecordError) -> str:
    """What the record refused, by the flag that it came from."""
    what, _, field = error.message.removeprefix("record: ").rpartition(" - at `$.")
    return f"--{field.rstrip('`')}: {what}" if what else f"--ceiling: {error.message}"


def _end_of(day: str, now: datetime) -> datetime:
    """The end of a day in UTC; UsageError if it is none or has passed."""
    try:
        end = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise UsageError(f"--until {day}: is no day", cure="write YYYY-MM-DD") from None
    if not end > now:
        raise UsageError(f"--until {day}: has passed", cure="write a day to come")
    return end
