"""`titleholder images FORMAT DIRECTORY --out FILE`: a panel of images from a public data set."""

import argparse
import json
import re
import sys
from pathlib import Path

from titleholder.cli.declaring import Commands, declare
from titleholder.errors import Exit, UsageError

HELP = "make a panel of images from a data set that you have"
EPILOG = """\
formats: fashion-mnist and mnist (the four IDX files, gzipped or not), cifar10 (binary or Python
version, or BIG-bench's task.json), folders (a folder a class, as ImageNet:
DIRECTORY/n01440764/*.JPEG; --classes names all classes in the order of a model's outputs)

  titleholder images fashion-mnist /usr/share/datasets/fashion-mnist \\
      --rows 3000 --corrupt 1 --out data/vision/current.parquet
  titleholder images folders imagenet/val --size 224x224 --rows 5000 --out panel.parquet

exit codes: 0 written, 2 usage, 3 files that cannot be read as that format
"""


def add_parser(commands: Commands) -> None:
    """Declare the command and its flags."""
    parser = declare(commands, "images", HELP, EPILOG)
    parser.add_argument("format", metavar="FORMAT")
    parser.add_argument("directory", metavar="DIRECTORY", type=Path)
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="a .parquet file")
    parser.add_argument("--part", default="test", help="train or test (default), where there are")
    parser.add_argument("--rows", metavar="N", type=int, help="so many images (all)")
    parser.add_argument("--skip", metavar="N", type=int, default=0, help="leave out the first N")
    parser.add_argument(
        "--corrupt", metavar="N", type=int, default=0,
        help="corrupted copies of each image, dealt out over six corruptions at five severities",
    )  # fmt: skip
    parser.add_argument("--size", metavar="HxW", help="centre crop of folders, such as 224x224")
    parser.add_argument("--classes", metavar="FILE", type=Path,
                        help="of folders: every class in the order of the models' outputs, one a "
                        "line, such as ImageNet's LOC_synset_mapping.txt")  # fmt: skip
    parser.add_argument("--seed", type=int, default=20260101, help="of the shuffle and the noise")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the set, choose and corrupt, and write the panel."""
    from titleholder import records, tables
    from titleholder.adapters.image_sets import PARTS, READERS, folders
    from titleholder.images.panel import Choice, panel

    if args.format not in READERS:
        raise UsageError(f"no format {args.format!r}", cure=f"there are {', '.join(READERS)}")
    if args.part not in PARTS:
        raise UsageError(f"no part {args.part!r}", cure=f"there are {', '.join(PARTS)}")
    if args.out.suffix != ".parquet":
        raise UsageError(f"{args.out}: a panel of images is a .parquet file")
    for name in ("rows", "skip", "corrupt", "seed"):
        value = getattr(args, name)
        if value is not None and value < (name == "rows"):
            raise UsageError(f"--{name} {value}: too small")
    pictures = READERS[args.format](args.directory, args.part, _size(args.size))
    if args.classes is not None:
        if args.format != "folders":
            raise UsageError(f"--classes goes with folders: {args.format} has its own order")
        pictures = folders.in_order(pictures, args.classes)
    chosen = Choice(args.rows, args.skip, args.corrupt, args.seed)
    frame = panel(pictures, chosen)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with records.replacing(args.out) as temporary:
        tables.write_parquet(temporary, frame)
    print(
        f"{args.out}: {len(frame):,} rows of {frame['source'].nunique():,} images", file=sys.stderr
    )
    # For params.yaml, where a graph does not name its own: JSON is YAML.
    print(f"classes: {json.dumps(list(pictures.classes), ensure_ascii=False)}")
    return Exit.ALLOW


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise UsageError(f"--size {text}: write height x width, such as 224x224")
    return int(found[1]), int(found[2])
