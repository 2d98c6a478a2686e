"""A real git and DVC repository in a temporary directory."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

IDENTITY = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")


@dataclass(frozen=True)
class Repository:
    """Commands run in ``root``; DVC keeps its remote in ``remote/`` of the same repository."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Repository":
        """A new repository with one commit and a verified remote inside."""
        repository = cls(root)
        repository.git("init", "-q", "-b", "main")
        repository.dvc("init", "-q")
        repository.dvc("config", "core.analytics", "false")
        repository.dvc("remote", "add", "-d", "inside", str(root / "remote"))
        (root / ".dvc/config").write_text(
            (root / ".dvc/config").read_text().replace(str(root / "remote"), "../remote")
        )
        repository.dvc("remote", "modify", "inside", "verify", "true")
        repository.commit("begin")
        return repository

    def git(self, *arguments: str) -> str:
        """Run git and give what it said."""
        return _run(["git", *IDENTITY, *arguments], self.root)

    def dvc(self, *arguments: str) -> str:
        """Run DVC's command line."""
        return _run([sys.executable, "-m", "dvc", *arguments], self.root)

    def commit(self, message: str) -> str:
        """Commit everything and give the commit's name."""
        self.git("add", "-A", ".")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def version(self, path: str, data: bytes, message: str) -> str:
        """Track a new version of a file, push it, and commit the pointer."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_bytes(data)
        self.dvc("add", "-q", path)
        self.dvc("push", "-q")
        return self.commit(message)

    def clone(self, to: Path) -> "Repository":
        """A fresh clone."""
        _run(["git", "clone", "-q", str(self.root), str(to)], self.root)
        return Repository(to)

    def object_of(self, path: str, rev: str = "HEAD") -> Path:
        """Where the remote keeps the bytes of a tracked file at a revision."""
        pointer = yaml.safe_load(self.git("show", f"{rev}:{path}.dvc"))
        md5 = pointer["outs"][0]["md5"]
        return self.root / "remote/files/md5" / md5[:2] / md5[2:]


def _run(command: list[str], root: Path) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()
