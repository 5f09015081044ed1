"""What a power cut could leave of a folder, worked out from a journal of what was done to it (tests/crash/crash_point.cpp).

A file system promises no more than this: bytes of a file are on the disk once it is flushed, its name (new, changed or removed) once the folder
that holds the name is flushed. What else arrived is chance, so a cut is played in three ways, each the worst of its kind."""
import os
import pathlib
import shutil

WAYS = {
    "all unflushed is undone": lambda before, now: before,
    "names arrive, bytes do not": lambda before, now: now,
    "removals arrive, new names do not": lambda before, now: {p: i for p, i in before.items() if p in now},
}


class Folder:
    """Names and inodes below one folder: `now`, as programs see them, and `before`, as they are on the disk for certain."""

    def __init__(self, root):
        self.root, self.contents, self.unflushed = pathlib.Path(root), {}, set()
        self.now = {path: path.lstat().st_ino for path in [self.root, *self.root.rglob("*")]}
        self.before = dict(self.now)

    def follow(self, journal):
        for line in journal.read_text().splitlines():
            what, inode, path, origin = line.split("\t")
            getattr(self, what)(int(inode), pathlib.Path(path), pathlib.Path(origin))

    def write(self, inode, path, _):
        if inode not in self.now.values():
            self.now[path] = inode
        self.unflushed.add(inode)

    def flush(self, inode, path, _):
        self.unflushed.discard(inode)
        if path.is_dir():  # of a folder: the names in it
            self.before = {p: i for p, i in self.before.items() if p.parent != path}
            self.before.update({p: i for p, i in self.now.items() if p.parent == path})

    def rename(self, inode, path, origin):
        moved = [p for p in self.now if p == origin or origin in p.parents]
        for old in moved:
            self.now[path / old.relative_to(origin) if old != origin else path] = self.now.pop(old)
        self.now[path] = inode

    def link(self, inode, path, _):
        self.now[path] = inode

    def unlink(self, _, path, __):
        self.now.pop(path, None)

    mkdir = link

    def cut(self, way, removed):
        """Leaves the folder as a power cut would; `removed` holds files by their inodes that have no name any more."""
        names = WAYS[way](self.before, self.now)
        names = {p: i for p, i in names.items() if all(a in names for a in p.parents if self.root in [a, *a.parents])}
        sources = {path.lstat().st_ino: path for folder in (removed, self.root) for path in folder.rglob("*")}
        folders = {i for i, path in sources.items() if path.is_dir()} | {self.root.lstat().st_ino}
        after = self.root.with_name(self.root.name + ".after")
        for path, inode in sorted(names.items()):
            target = after / path.relative_to(self.root)
            if inode in folders or inode not in sources:
                target.mkdir(parents=True, exist_ok=True)
            elif inode in self.unflushed:
                target.touch()
            else:
                shutil.copy(sources[inode], target)
        shutil.rmtree(self.root)
        os.rename(after, self.root)


def content(root):
    """Path and bytes of every file."""
    return {path.relative_to(root): path.read_bytes() for path in pathlib.Path(root).rglob("*") if path.is_file()}
