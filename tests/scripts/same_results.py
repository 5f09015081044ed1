"""Compares two results folders of one study bit for bit: every array and text of every artifact, and every metric and
curve of study.h5. Only times may differ.  same_results.py FOLDER OTHER"""
import io
import pathlib
import sys

import h5py

TIMES = ("seconds", "finished", "provenance")


def contents(file):
    out = {}

    def add(name, item):
        if not isinstance(item, h5py.Dataset) or any(word in name for word in TIMES):
            return
        value = item[()]
        if name == "assay/measured":  # a segment in itself, with times of its own
            out.update({f"{name}/{key}": inner for key, inner in contents(io.BytesIO(value.tobytes())).items()})
        elif isinstance(value, bytes) or item.dtype.kind == "O":
            out[name] = repr(value.tolist() if item.dtype.kind == "O" and item.shape else value)
        else:
            out[name] = (item.shape, str(item.dtype), value.tobytes())

    with h5py.File(file) as opened:
        opened.visititems(add)
    return out


def files(folder):
    return sorted(p.relative_to(folder) for p in [*folder.glob("artifacts/*.h5"), folder / "study.h5"])


one, other = map(pathlib.Path, sys.argv[1:3])
names = files(one)
assert names == files(other) and len(names) > 1, (names, files(other))
arrays = 0
for name in names:
    a, b = contents(one / name), contents(other / name)
    assert a.keys() == b.keys() and a, (name, a.keys() ^ b.keys())
    arrays += len(a)
    for key, value in a.items():
        assert value == b[key], f"{name}: {key} differs"
print(f"{len(names)} files, {arrays} arrays, the same bits")
